package console

import (
	"io"
	"net/http"
	"strconv"

	"uniview-bridge/pkg/httpapi/access"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/review"
)

// acceptPage accepts many suggestions at once, after showing them.
type acceptPage struct {
	Kind, Customer, Query, Score string
	Kinds                        []choice
	Least                        float64
	Result                       *review.AcceptResult
}

func newAcceptPage(r *http.Request) acceptPage {
	p := acceptPage{Kind: r.FormValue("kind"), Customer: r.FormValue("customer"), Query: r.FormValue("q"), Score: r.FormValue("minScore"), Least: review.LeastScore}
	if p.Score == "" {
		p.Score = strconv.FormatFloat(match.Confident, 'f', 2, 64)
	}
	if p.Kind == "" {
		p.Kind = string(review.Organization)
	}
	for _, k := range []struct {
		side review.Side
		name string
	}{{review.Organization, "Organizations"}, {review.Company, "Companies"}, {review.Configuration, "Configurations"}} {
		p.Kinds = append(p.Kinds, choice{string(k.side), k.name, p.Kind == string(k.side)})
	}
	return p
}

func (c *Console) acceptForm(w http.ResponseWriter, r *http.Request) {
	c.show(w, r, http.StatusOK, "accept", "layout.html", c.frame(r, "Accept suggestions", newAcceptPage(r)))
}

func (c *Console) acceptMany(w http.ResponseWriter, r *http.Request) {
	form, ok := c.form(w, r)
	if !ok {
		return
	}
	page := newAcceptPage(r)
	score, err := strconv.ParseFloat(page.Score, 64)
	if err != nil {
		score = -1 // the API says what a score is
	}
	body := map[string]any{"kind": page.Kind, "q": page.Query, "customer": page.Customer, "minScore": score, "dryRun": form.Get("confirm") != "yes"}
	var out review.AcceptResult
	if err := c.ask(r, http.MethodPost, "/matches/accept", body, &out); err != nil {
		c.again(w, r, err, "accept", c.frame(r, "Accept suggestions", page))
		return
	}
	page.Result = &out
	c.show(w, r, http.StatusOK, "accept", "layout.html", c.frame(r, "Accept suggestions", page))
}

// maxUpload bounds an uploaded mapping with what a form puts around it, in bytes; the
// API bounds the mapping itself.
const maxUpload = 5<<20 + 64<<10

// mappingPage takes the mapping out as a file and in again.
type mappingPage struct {
	Text      string // of the file that was looked at, to be applied
	Overwrite bool
	Result    *review.MappingResult
}

func (c *Console) mapping(w http.ResponseWriter, r *http.Request) {
	c.show(w, r, http.StatusOK, "mapping", "layout.html", c.frame(r, "Mapping as a file", mappingPage{}))
}

// importMapping shows what a file would change, and changes it when that was confirmed.
func (c *Console) importMapping(w http.ResponseWriter, r *http.Request) {
	var page mappingPage
	const inMemory = 6 << 20
	if err := r.ParseMultipartForm(inMemory); err != nil { //nolint:gosec // the gate bounds the body by the route's MaxBody
		c.Refuse(w, r, access.Refusal{Status: http.StatusBadRequest, Title: "Bad request", Detail: "The file could not be read: it may hold 5 MB."})
		return
	}
	page.Text, page.Overwrite = r.PostFormValue("text"), r.PostFormValue("overwrite") == "true"
	if file, _, err := r.FormFile("file"); err == nil {
		defer file.Close()
		raw, err := io.ReadAll(io.LimitReader(file, maxUpload))
		if err != nil {
			c.fail(w, r, err)
			return
		}
		page.Text = string(raw)
	}
	apply := r.PostFormValue("apply") == "yes"
	target := "/mapping.csv?" + values("dryRun", strconv.FormatBool(!apply), "overwrite", strconv.FormatBool(page.Overwrite)).Encode()
	var out review.MappingResult
	if err := c.ask(r, http.MethodPut, target, []byte(page.Text), &out); err != nil {
		c.again(w, r, err, "mapping", c.frame(r, "Mapping as a file", page))
		return
	}
	page.Result = &out
	c.show(w, r, http.StatusOK, "mapping", "layout.html", c.frame(r, "Mapping as a file", page))
}

package console

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"uniview-bridge/pkg/httpapi"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/review"
)

// Creatable are the machines shown for which configurations can be created at once:
// those that nothing was found for. What has a suggestion is looked at one by one.
func (p customerPage) Creatable() []device {
	var out []device
	for _, d := range p.Devices {
		if p.CanMatch && d.Link.State == match.Unmatched && !d.Gone && d.SupersededBy == "" && len(out) < review.MaxCreates {
			out = append(out, d)
		}
	}
	return out
}

// createMany creates configurations for the machines chosen. Each is looked for first;
// where something like it exists, a person decides on that machine's own page.
func (c *Console) createMany(w http.ResponseWriter, r *http.Request) {
	form, ok := c.form(w, r)
	if !ok {
		return
	}
	back := "/customers/" + url.PathEscape(r.PathValue("id"))
	body := struct {
		Items []review.Item `json:"items"`
	}{}
	for _, id := range form["asset"] {
		body.Items = append(body.Items, review.Item{Kind: review.Configuration, ID: id, Decision: review.Decision{Action: review.Create}})
	}
	var out struct {
		Items   []httpapi.MatchResult `json:"items"`
		Changed int                   `json:"changed"`
		Failed  int                   `json:"failed"`
	}
	if err := c.ask(r, http.MethodPost, "/matches", body, &out); err != nil {
		c.refusedTo(w, r, back, "Nothing was created: ", err)
		return
	}
	said := flash{Text: fmt.Sprintf("%d configurations created and matched.", out.Changed), Bad: out.Failed > 0}
	if out.Failed > 0 {
		said.Text += fmt.Sprintf(" %d were not: %s", out.Failed, strings.Join(whys(out.Items), " "))
	}
	c.done(w, r, back, said)
}

// whys are the different reasons why items were refused.
func whys(items []httpapi.MatchResult) (out []string) {
	seen := map[string]bool{}
	for _, i := range items {
		if i.Problem != nil && !seen[i.Problem.Detail] {
			seen[i.Problem.Detail] = true
			out = append(out, i.Problem.Detail)
		}
	}
	return out
}

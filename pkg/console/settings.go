package console

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"uniview-bridge/pkg/httpapi"
	"uniview-bridge/pkg/httpapi/access"
)

func (c *Console) settingsRoutes() []access.Route {
	const get, post = http.MethodGet, http.MethodPost
	return slices.Concat(c.modeRoutes(), []access.Route{
		{Method: get, Path: "/settings", Role: access.Viewer, Reach: access.Shared, Handler: c.settings},
		{Method: post, Path: "/settings", Role: access.Administrator, Handler: c.storeSettings},
		{Method: get, Path: "/help", Role: access.Viewer, Reach: access.Shared, Handler: c.help},
	})
}

// How a setting is entered.
const (
	asNumber = "number"
	asText   = "text"
	asSwitch = "switch"
	asLines  = "lines"
)

// setting is one member of the account's settings as the form shows it.
type setting struct {
	Name, Label, Hint, Unit string // Name as in the JSON API
	As                      string
	Value, Default          string
	Wrong                   string
}

// On says whether a switch is on.
func (s setting) On() bool { return s.Value == "true" }

// settingGroup is a fieldset.
type settingGroup struct {
	Name   string
	Fields []setting
}

// settingGroups are the members of httpapi.DocumentationSettings, all of them.
var settingGroups = []settingGroup{
	{"When a machine is overdue", []setting{
		{Name: "overdueAfterMinutes", Label: "Overdue after", Unit: "minutes", As: asNumber, Hint: "After its last good backup, while the machine's own rhythm is not known."},
		{Name: "overdueFactor", Label: "Usual intervals until overdue", As: asNumber, Hint: "A machine whose rhythm is known is overdue after so many of its usual intervals."},
		{Name: "overdueAtLeastMinutes", Label: "Never overdue before", Unit: "minutes", As: asNumber, Hint: "However short its rhythm is."},
		{Name: "overdueAtMostMinutes", Label: "Always overdue after", Unit: "minutes", As: asNumber, Hint: "However long its rhythm is."},
		{Name: "unknownAfterMinutes", Label: "Unknown after", Unit: "minutes", As: asNumber, Hint: "Without a complete read of UniView, machines turn unknown: an old green never stays green."},
	}},
	{"What IT Glue shows", []setting{
		{Name: "timesEveryMinutes", Label: "Renew times and sizes every", Unit: "minutes", As: asNumber, Hint: "A change of times and sizes alone is written this often; a change of status at once."},
		{Name: "consoleUrl", Label: "Address of this console", As: asText, Hint: "Where people reach it, beginning with https://. When set, IT Glue links to Compare and Sync Now."},
		{Name: "restricted", Label: "Restrict the backup records", As: asSwitch, Hint: "Only people who were chosen in IT Glue see them."},
		{Name: "notesBlock", Label: "Write the status into notes, too", As: asSwitch, Hint: "A marked block in the notes of configurations that no PSA keeps. The rest of the notes stays as it is."},
		{Name: "banner", Label: "Banner on organizations", As: asSwitch, Hint: "Shows on an organization how many machines have no good backup."},
		{Name: "coverageTypes", Label: "Configuration types that ought to be protected", As: asLines, Hint: "One name per line. Empty: the coverage is not watched."},
	}},
	{"How machines are matched", []setting{
		{Name: "sharedMacs", Label: "Addresses that tell no machine", As: asLines, Hint: "One MAC address or pattern per line, such as 00:50:B6:*, and a note behind it if you like: docks, adapters, clusters."},
		{Name: "descendants", Label: "Look below the organization", As: asSwitch, Hint: "Also match machines to configurations of the organizations below the customer's."},
	}},
	{"Careful writing", []setting{
		{Name: "searchAfterMinutes", Label: "Search after a lost answer", Unit: "minutes", As: asLines, Hint: "One number per line, growing. When IT Glue's answer to a create is lost, it is searched for at these times; only after the last empty search it is repeated."},
		{Name: "lookUps", Label: "Machines looked up per sync", As: asNumber, Hint: "How many machines without a known good backup a sync asks UniView's backup history about. 0: none."},
	}},
}

// shownAs writes a setting's value as its field holds it.
func shownAs(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case map[string]any: // an address with its note
		return strings.TrimSpace(fmt.Sprintf("%v %v", v["pattern"], v["note"]))
	case []any:
		lines := make([]string, len(v))
		for i, one := range v {
			lines[i] = shownAs(one)
		}
		return strings.Join(lines, "\n")
	default:
		return fmt.Sprint(v)
	}
}

// enteredAs reads a field. A number that is none is sent as it is: the API says what
// is wrong with it.
func (s setting) enteredAs(form url.Values) any {
	v := strings.TrimSpace(form.Get(s.Name))
	number := func(v string) any {
		if n, err := strconv.ParseFloat(v, 64); err == nil && n-n == 0 {
			return n
		}
		return v
	}
	switch s.As {
	case asSwitch:
		return v == "true"
	case asNumber:
		return number(v)
	case asText:
		return v
	}
	lines := []any{}
	for line := range strings.Lines(v) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		switch s.Name {
		case "searchAfterMinutes":
			lines = append(lines, number(line))
		case "sharedMacs":
			pattern, note, _ := strings.Cut(line, " ")
			lines = append(lines, map[string]any{"pattern": pattern, "note": strings.TrimSpace(note)})
		default:
			lines = append(lines, line)
		}
	}
	return lines
}

// settingForm lays values over the groups; entered, if any, are those of a refused form.
func settingForm(kept map[string]any, entered url.Values, wrong *problem) ([]settingGroup, error) {
	defaults, err := objectOf(httpapi.DefaultSettings().Documentation)
	if err != nil {
		return nil, err
	}
	out := make([]settingGroup, len(settingGroups))
	for i, g := range settingGroups {
		out[i] = settingGroup{g.Name, slices.Clone(g.Fields)}
		for j := range out[i].Fields {
			f := &out[i].Fields[j]
			f.Value, f.Default = shownAs(kept[f.Name]), strings.ReplaceAll(shownAs(defaults[f.Name]), "\n", ", ")
			if entered != nil {
				f.Value = entered.Get(f.Name)
			}
			field := "documentation." + f.Name
			if wrong != nil && (wrong.Field == field || strings.HasPrefix(wrong.Field, field+".")) {
				f.Wrong = wrong.Detail
			}
		}
	}
	return out, nil
}

func (c *Console) settings(w http.ResponseWriter, r *http.Request) { c.showSettings(w, r, nil, nil) }

func (c *Console) showSettings(w http.ResponseWriter, r *http.Request, entered url.Values, refused error) {
	var kept struct {
		Documentation map[string]any `json:"documentation"`
	}
	if err := c.get(r, "/settings", &kept); err != nil {
		c.fail(w, r, err)
		return
	}
	why, _ := errors.AsType[*problem](refused)
	groups, err := settingForm(kept.Documentation, entered, why)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	f := c.frame(r, "Settings", groups)
	if refused != nil {
		c.again(w, r, refused, "settings", f)
		return
	}
	c.show(w, r, http.StatusOK, "settings", "layout.html", f)
}

func (c *Console) storeSettings(w http.ResponseWriter, r *http.Request) {
	form, ok := c.form(w, r)
	if !ok {
		return
	}
	body := map[string]any{}
	for _, g := range settingGroups {
		for _, s := range g.Fields {
			body[s.Name] = s.enteredAs(form)
		}
	}
	if err := c.ask(r, http.MethodPut, "/settings", map[string]any{"documentation": body}, nil); err != nil {
		c.showSettings(w, r, form, err)
		return
	}
	c.done(w, r, "/settings", flash{Text: "The settings are kept. The next sync decides by them."})
}

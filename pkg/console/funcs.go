package console

import (
	"cmp"
	"errors"
	"fmt"
	"html/template"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/httpapi/view"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/plan"
	"uniview-bridge/pkg/state"
)

func (c *Console) funcs() template.FuncMap {
	return template.FuncMap{
		"static": func(name string) string { return c.urls[name] },
		"ago":    func(t time.Time) string { return ago(c.Model.Now(), t) },
		"iso":    func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"stamp":  stamp,
		"num":    num,
		"took":   func(r view.Run) string { return short(r.Took(c.Model.Now())) },
		"words":  words, "links": links,
		"bar":      bar,
		"linkTabs": func() []match.State { return view.LinkStates },
		"title":    title, "runWord": runWord, "scope": scopeName, "reason": reason,
		"changed": changed, "active": func(r view.Run) bool { return r.Active() },
		"limit":  func(n int, runs []view.Run) []view.Run { return runs[:min(n, len(runs))] },
		"stages": stages, "planned": plannedWords, "preview": isPreview, "connected": connectionWord,
		"matched": func(n map[match.State]int) int { return n[match.Matched] },
		"list":    listName, "machineWord": machineWord,
		"tabNames":  func() map[match.State]string { return tabNames },
		"dict":      dict,
		"alertWord": alertWord, "ticketWord": ticketWord, "clip": clip,
		"needLink": func(k view.NeedKind) string { return needLinks[k] },
		"glyph":    glyph, "wordClass": wordKey, "bytes": size, "day": day,
		"percent":  func(score float64) string { return strconv.Itoa(int(math.Round(score*100))) + " %" },
		"roleRows": func() []roleRow { return role },
	}
}

// tab is one link of a row of tabs; N below 0 shows no count.
type tab struct {
	Name, URL string
	N         int
	Current   bool
}

// dict hands several values to a block of a template: names and values in turn.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, errors.New("dict: a name without a value")
	}
	out := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: %v is no name", pairs[i])
		}
		out[name] = pairs[i+1]
	}
	return out, nil
}

// clip cuts a text that came from outside to what a list has room for.
func clip(s string) string {
	const room = 300 // runes
	if utf8.RuneCountInString(s) <= room {
		return s
	}
	return string([]rune(s)[:room]) + "…"
}

// num writes a number with its thousands apart.
func num(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "\u2009" + s[i:]
	}
	return s
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format("2 Jan 2006 15:04 UTC")
}

// ago says how long ago a time was, in one unit.
func ago(now, t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	d := now.Sub(t)
	switch {
	case d < 45*time.Second:
		return "just now"
	case d < 90*time.Minute:
		return fmt.Sprintf("%d min ago", int(math.Max(1, math.Round(d.Minutes()))))
	case d < 36*time.Hour:
		return fmt.Sprintf("%d h ago", int(math.Round(d.Hours())))
	default:
		return fmt.Sprintf("%d days ago", int(math.Round(d.Hours()/24)))
	}
}

// short is a span of time as people say it.
func short(d time.Duration) string {
	switch {
	case d <= 0:
		return "–"
	case d < time.Second:
		return "under 1 s"
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	default:
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	}
}

// part is one counted share of a whole, with the class that colours it.
type part struct {
	Name  string
	Class string
	N     int
	Hint  string
}

// words are the machines by status word, worst first.
func words(n map[backup.Word]int) []part {
	hints := map[backup.Word]string{
		backup.WordFailed:    "the last backup failed",
		backup.WordOverdue:   "no good backup for longer than usual",
		backup.WordNoneSeen:  "no backup seen since we look",
		backup.WordUnknown:   "UniView could not be read",
		backup.WordWarning:   "the last backup had warnings",
		backup.WordBackupOff: "backup is switched off",
		backup.WordSuccess:   "the last backup was good",
	}
	var out []part
	for _, w := range backup.Words {
		out = append(out, part{title(string(w)), "w-" + strings.ReplaceAll(string(w), " ", "-"), n[w], hints[w]})
	}
	return out
}

// tabNames are the link states in the words of the native pages.
var tabNames = map[match.State]string{
	match.Attention: "Needs attention", match.Suggested: "Suggested", match.Unmatched: "Unmatched",
	match.Matched: "Matched", match.Ignored: "Ignored",
}

// links are records by link state, those to work on first.
func links(n map[match.State]int) []part {
	var out []part
	for _, s := range view.LinkStates {
		out = append(out, part{Name: tabNames[s], Class: "l-" + string(s), N: n[s]})
	}
	return out
}

// segment is one part of a bar, in its own units.
type segment struct {
	part

	X, W float64
}

// barWidth is the width of a bar's drawing; it is stretched to the page's.
const barWidth = 1000

// bar lays parts out over a bar. Parts that are not empty stay visible.
func bar(parts []part) []segment {
	total, shown := 0, 0
	for _, p := range parts {
		total += p.N
		if p.N > 0 {
			shown++
		}
	}
	if total == 0 {
		return nil
	}
	const least = 6.0
	room := barWidth - least*float64(shown)
	var out []segment
	x := 0.0
	for _, p := range parts {
		if p.N == 0 {
			continue
		}
		w := least + room*float64(p.N)/float64(total)
		out = append(out, segment{p, math.Round(x*100) / 100, math.Round(w*100) / 100})
		x += w
	}
	return out
}

// title begins a word, or a reason of the use cases, with a capital.
func title(s string) string {
	if s == "" {
		return ""
	}
	r, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[size:]
}

// wordClass is a word with the class that colours it.
type wordClass struct{ Word, Class string }

// runWord is a run's state as people know it.
func runWord(s state.RunState) wordClass {
	switch s {
	case state.Queued:
		return wordClass{"Queued", "info"}
	case state.Reading, state.Working:
		return wordClass{"Running", "info"}
	case state.Succeeded:
		return wordClass{"Succeeded", "good"}
	case state.Partial:
		return wordClass{"Partial", "warn"}
	case state.Stopped:
		return wordClass{"Stopped", "bad"}
	case state.Cancelled:
		return wordClass{"Cancelled", "mute"}
	default:
		return wordClass{"Failed", "bad"}
	}
}

// machineWord is a machine's status word with its colour.
func machineWord(m view.Machine) wordClass {
	switch {
	case m.Gone:
		return wordClass{"Gone from UniView", "mute"}
	case m.SupersededBy != "":
		return wordClass{"Superseded", "mute"}
	}
	class := map[backup.Word]string{
		backup.WordSuccess: "good", backup.WordWarning: "warn", backup.WordFailed: "bad", backup.WordOverdue: "bad", backup.WordNoneSeen: "bad",
	}
	return wordClass{title(string(m.Status)), cmp.Or(class[m.Status], "mute")}
}

// connectionWord is a connection's status as people know it. Credentials that
// were entered but never worked yet are no more than entered.
func connectionWord(c view.Connection) wordClass {
	switch c.Status {
	case string(state.ConnectionOK):
		if c.LastOK.IsZero() && !c.LastRead.After(c.Since) {
			return wordClass{"Entered", "info"}
		}
		return wordClass{"OK", "good"}
	case view.Syncing:
		return wordClass{"Syncing…", "info"}
	case string(state.ConnectionError):
		return wordClass{"Error", "warn"}
	case string(state.ConnectionStopped):
		return wordClass{"Stopped", "bad"}
	default:
		return wordClass{"Not connected", "mute"}
	}
}

func scopeName(r view.Run) string {
	switch r.Scope {
	case state.ScopeAll:
		return "Everything"
	case state.ScopeDocumentation:
		return "Documentation"
	case state.ScopeAlerts:
		return "Alerts"
	case state.ScopeCustomer:
		return "One customer"
	case state.ScopeAsset:
		return "One machine"
	default:
		return "Sync"
	}
}

// reason is why a run ended as it did. Of sides in preview it only planned.
func reason(r view.Run) string {
	if len(r.Preview) == 0 || !r.State.Ended() {
		return title(r.Reason)
	}
	names := make([]string, len(r.Preview))
	for i, v := range r.Preview {
		names[i] = view.VendorName(v)
	}
	only := "planned only: preview for " + strings.Join(names, " and ")
	if r.Reason != "" {
		only = strings.TrimSuffix(r.Reason, ".") + " (" + only + ")"
	}
	return title(only)
}

// listNames are the lists of a sync in people's words.
var listNames = map[string]string{
	state.ListCustomers: "UniView customers", state.ListAppliances: "UniView appliances", state.ListAssets: "UniView machines",
	state.ListEndpoints: "UniView endpoints", state.ListAlerts: "UniView alerts",
	state.ListOrganizations: "IT Glue organizations", state.ListConfigurations: "IT Glue configurations", state.ListPublished: "IT Glue backup records",
	state.ListCompanies: "ConnectWise companies", state.ListTickets: "ConnectWise tickets",
}

func listName(name string) string { return cmp.Or(listNames[name], title(name)) }

// changed says in words what the work of a run changed.
func changed(r view.Run) string {
	n := map[string]int{}
	for what, k := range r.Progress.Changed {
		n[what] += k
	}
	if len(n) == 0 {
		for _, count := range r.Counts {
			if count.Action != plan.Skip {
				n[string(count.Action)+" "+string(count.Kind)] += count.N
			}
		}
	}
	if len(n) == 0 {
		return "no changes"
	}
	keys := make([]string, 0, len(n))
	for k := range n {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int { return cmp.Or(cmp.Compare(n[b], n[a]), cmp.Compare(a, b)) })
	parts := make([]string, 0, len(keys))
	for _, k := range keys[:min(3, len(keys))] {
		parts = append(parts, num(n[k])+" × "+k)
	}
	if len(keys) > 3 {
		parts = append(parts, fmt.Sprintf("and %d more kinds", len(keys)-3))
	}
	return strings.Join(parts, ", ")
}

// stage is one step of a run as it is shown.
type stage struct {
	Name  string
	State string // done, now, next, failed
	Note  string
}

// stages are the steps of a run: read, decide, send, work.
func stages(r view.Run) []stage {
	failed := 0
	read := 0
	for _, s := range r.Stages {
		failed += s.Failed
		read += s.Read
	}
	names := []stage{
		{Name: "Read", Note: fmt.Sprintf("%s records", num(read))},
		{Name: "Decide", Note: "links and statuses"},
		{Name: "Apply", Note: fmt.Sprintf("%s of %s customer jobs", num(r.Progress.Reported), num(r.Messages))},
	}
	at := len(names)
	switch r.State {
	case state.Queued:
		at = 0
	case state.Reading:
		at = 0
		if len(r.Counts) > 0 || r.Customers != nil {
			at = 1
		}
	case state.Working:
		at = 2
	}
	for i := range names {
		switch {
		case i < at:
			names[i].State = "done"
		case i == at && r.State != state.Queued:
			names[i].State = "now"
		default:
			names[i].State = "next"
		}
	}
	if failed > 0 {
		names[0].State, names[0].Note = "failed", fmt.Sprintf("%d lists could not be read", failed)
	}
	return names
}

// plannedWords says what a preview would have done.
func plannedWords(counts []plan.Count) string {
	var parts []string
	for _, c := range counts {
		if c.N > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", c.Action, num(c.N)))
		}
	}
	return strings.Join(parts, ", ")
}

func isPreview(m state.Mode) bool { return m != state.Live }

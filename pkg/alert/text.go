package alert

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The templates of a new installation.
const (
	DefaultSummary     = "{machine}: {what} (since {since})"
	DefaultDescription = "The backup system reports trouble with {machine} of {customer}.\n\n{troubles}\n\n{closing}"
)

// Variables are the names that templates may use in braces.
var Variables = map[string]string{
	"machine":   "the machine, or the appliance or customer the ticket is about",
	"what":      "the newest message of the most severe trouble, and how many more there are",
	"since":     "when the oldest open trouble began",
	"customer":  "the customer's name",
	"appliance": "the appliance's name",
	"severity":  "the highest severity",
	"class":     "the class of the most severe trouble",
	"count":     "occurrences of all open troubles",
	"troubles":  "one line for each open trouble (description only)",
	"closing":   "whether the ticket closes itself (description only)",
}

// MaxSummary is the longest summary ConnectWise takes (connectwise.md §7.1), in
// UTF-16 units, which are never fewer than characters.
const MaxSummary = 100

// minWhat is how much of {what} is always kept.
const minWhat = 12

// maxLinks bounds the links of one ticket.
const maxLinks = 30

// maxTroubles bounds the lines of one description or note.
const maxTroubles = 20

// Facts is what texts are made of.
type Facts struct {
	Customer   string
	Group      Group
	Conditions []Condition
	Settings   Settings
	AsOf       time.Time // the UniView read the texts stand on
	// Links are lines for the internal part: name and address.
	Links []Link
	// Remark is a further internal line, for example that the customer is on
	// the default company because it is not mapped.
	Remark string
}

// Link is a named address.
type Link struct{ Name, URL string }

var variable = regexp.MustCompile(`\{[^{}]*\}`)

// checkTemplate says what is wrong with a template.
func checkTemplate(t string) error {
	if len(t) > maxTemplate {
		return fmt.Errorf("a template has at most %d bytes", maxTemplate)
	}
	for _, v := range variable.FindAllString(t, -1) {
		if _, ok := Variables[v[1:len(v)-1]]; !ok {
			return fmt.Errorf("%s is not a variable", v)
		}
	}
	if strings.TrimSpace(t) == "" {
		return fmt.Errorf("a template must not be empty")
	}
	return nil
}

// SummaryText renders the summary: one line of at most MaxSummary. What is cut
// is {what}, since the rest of the line tells tickets apart.
func SummaryText(f Facts) string {
	values := f.values()
	render := func() string { return oneLine(fill(f.Settings.Summary, DefaultSummary, values)) }
	text := render()
	if over := units(text) - MaxSummary; over > 0 {
		what, more := f.what()
		values["what"] = clip16(what, max(units(what)-over, minWhat)) + more
		text = render()
	}
	return clip16(text, MaxSummary)
}

// DescriptionText renders the first note, which the customer may read: no
// addresses, no internal names.
func DescriptionText(f Facts) string {
	values := f.values()
	values["troubles"] = strings.Join(f.lines(f.open(), f.trouble), "\n")
	values["closing"] = "This ticket is kept up to date automatically and closes itself when the trouble is over."
	if !f.Settings.AutoClose {
		values["closing"] = "This ticket is kept up to date automatically. It is not closed automatically."
	}
	return strings.TrimSpace(fill(f.Settings.Description, DefaultDescription, values))
}

// InternalText renders the internal part of a new ticket.
func InternalText(f Facts) string {
	var lines []string
	if f.Remark != "" {
		lines = append(lines, plain(f.Remark))
	}
	switch previous, moved := f.Group.Previous, f.Group.Moved; {
	case previous > 0 && moved > 0 && moved != previous:
		lines = append(lines, fmt.Sprintf("Earlier tickets on the same troubles: #%d and #%d.", previous, moved))
	case previous+moved > 0:
		lines = append(lines, fmt.Sprintf("Earlier ticket on the same trouble: #%d.", max(previous, moved)))
	}
	for _, c := range f.open() {
		if c.AssetKey == "" {
			lines = append(lines, "UniView does not tell which machine this is about.")
			break
		}
	}
	for i, l := range f.Links {
		if i == maxLinks {
			lines = append(lines, fmt.Sprintf("and %d more links: see the alerts of this customer in UniView Bridge", len(f.Links)-i))
			break
		}
		lines = append(lines, plain(l.Name)+": "+l.URL)
	}
	lines = append(lines, "As of "+stamp(f.AsOf)+". UniView cannot be written by other programs: dismiss the alert there when it is dealt with.",
		f.mark(0))
	return strings.Join(lines, "\n")
}

// NoteText renders the note that goes with an action. number is the note's
// number; the last line carries it with the reference, so that a note whose
// answer was lost is recognised (see HasNote).
func NoteText(f Facts, action Action, reason string, number int) string {
	var lines []string
	switch action {
	case Close:
		lines = append(lines, "The trouble is over. This ticket is closed automatically.")
	case Reopen:
		lines = append(lines, "The trouble is back. This ticket is reopened automatically.")
	case Escalate:
		lines = append(lines, "The trouble got worse: severity "+f.severity()+".")
	default:
		lines = append(lines, upperFirst(plain(reason))+".")
	}
	lines = append(lines, f.news()...)
	lines = append(lines, "As of "+stamp(f.AsOf)+".", f.mark(number))
	return strings.Join(lines, "\n")
}

// mark is the last line of every note of ours.
func (f Facts) mark(number int) string { return Mark(f.Group.Reference, number) }

// Mark is the line by which a note of ours is recognised.
func Mark(reference string, number int) string {
	return "[" + reference + " note " + strconv.Itoa(number) + "]"
}

// HasNote says whether a note's text carries the mark.
//
// No other text of ours can hold a mark: see plain.
func HasNote(text, reference string, number int) bool {
	return strings.Contains(text, Mark(reference, number))
}

// news lists what the ticket does not tell yet, and then what goes on.
func (f Facts) news() []string {
	var changed, over []Condition
	for _, c := range f.sorted() {
		told, known := f.Group.Told[c.Key]
		switch {
		case c.State == ConditionOver && (known && told.Open):
			over = append(over, c)
		case c.Active() && (!known || !told.Open || c.Total > told.Total || c.Severity.rank() > f.Group.Severity.rank() ||
			c.AssetKey != told.Asset):
			changed = append(changed, c)
		}
	}
	lines := f.lines(changed, func(c Condition) string {
		if told, known := f.Group.Told[c.Key]; known && told.Asset == "" && c.AssetName != "" {
			return f.trouble(c) + " This is about " + plain(c.AssetName) + "."
		}
		return f.trouble(c)
	})
	return append(lines, f.lines(over, f.ending)...)
}

func (f Facts) lines(conditions []Condition, line func(Condition) string) []string {
	var out []string
	for i, c := range conditions {
		if i == maxTroubles {
			return append(out, fmt.Sprintf("- and %d more", len(conditions)-i))
		}
		out = append(out, line(c))
	}
	return out
}

// trouble is one open condition in a line.
func (f Facts) trouble(c Condition) string {
	times := "first " + stamp(c.First)
	if c.Count > 1 {
		times = fmt.Sprintf("%d times, first %s, last %s", c.Count, stamp(c.First), stamp(c.Last))
	}
	return fmt.Sprintf("- %s%s (%s; %s)", f.where(c), plain(c.Message), plain(string(c.Severity)), times)
}

// ending is one condition that is over, with its evidence.
func (f Facts) ending(c Condition) string {
	return fmt.Sprintf("- Over: %s%s: %s", f.where(c), plain(c.Message), EvidenceText(c))
}

// EvidenceText says why a condition is over, on which read that stands and what
// was seen.
func EvidenceText(c Condition) string {
	e := c.Evidence
	if e == nil {
		return "no evidence recorded"
	}
	if e.Why == Recovered {
		return fmt.Sprintf("a good backup completed %s, after the last occurrence %s; the alert is not dismissed in UniView (read %s)",
			stamp(e.Good), stamp(e.Last), stamp(e.AsOf))
	}
	return fmt.Sprintf("%s (read %s)", e.Why, stamp(e.AsOf))
}

// where names the machine in a line when the ticket is about more than it.
func (f Facts) where(c Condition) string {
	name := c.AssetName
	if c.AssetKey == "" {
		name = c.ApplianceName
	}
	if name = plain(name); name == "" || name == f.name() {
		return ""
	}
	return name + ": "
}

func (f Facts) name() string {
	return cmp.Or(plain(f.Group.Name), plain(f.Customer), "UniView")
}

func (f Facts) open() []Condition {
	return slices.DeleteFunc(f.sorted(), func(c Condition) bool { return !c.Active() })
}

// sorted is most severe first, then oldest, then by key.
func (f Facts) sorted() []Condition {
	return slices.SortedFunc(slices.Values(f.Conditions), func(a, b Condition) int {
		return cmp.Or(cmp.Compare(b.Severity.rank(), a.Severity.rank()), a.First.Compare(b.First), cmp.Compare(a.Key, b.Key))
	})
}

func (f Facts) severity() string { return plain(string(highest(f.Conditions))) }

func (f Facts) values() map[string]string {
	open := f.open()
	v := map[string]string{
		"machine": f.name(), "customer": plain(f.Customer), "severity": f.severity(), "what": "no open trouble",
		"since": "", "appliance": "", "class": "", "count": "0", "troubles": "", "closing": "",
	}
	if len(open) == 0 {
		return v
	}
	first, since, count := open[0], open[0].First, 0
	for _, c := range open {
		count += c.Count
		if c.First.Before(since) {
			since = c.First
		}
	}
	what, more := f.what()
	v["what"], v["since"], v["count"] = what+more, stamp(since), strconv.Itoa(count)
	v["appliance"], v["class"] = plain(first.ApplianceName), string(first.Class)
	return v
}

// what is the message of the most severe open trouble, and how many more there are.
func (f Facts) what() (message, more string) {
	open := f.open()
	if len(open) == 0 {
		return "no open trouble", ""
	}
	if len(open) > 1 {
		more = fmt.Sprintf(" and %d more", len(open)-1)
	}
	return cmp.Or(strings.TrimRight(plain(open[0].Message), ". "), "alert without text"), more
}

// fill puts the values into a template once: braces inside a value stay as they are.
func fill(template, otherwise string, values map[string]string) string {
	if strings.TrimSpace(template) == "" {
		template = otherwise
	}
	return variable.ReplaceAllStringFunc(template, func(v string) string {
		if value, ok := values[v[1:len(v)-1]]; ok {
			return value
		}
		return v
	})
}

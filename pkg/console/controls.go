package console

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"uniview-bridge/pkg/alert"
)

// kind is how a setting is entered.
type kind int

const (
	aNumber  kind = iota // a whole number; empty means 0
	minutes              // a span in minutes
	aSwitch              // on or off
	aChoice              // one of some words
	anID                 // one of ConnectWise's records; nothing chosen means 0
	aLine                // a text of one line
	aText                // a text of many lines
	aList                // numbers with commas between them
	anInvert             // a switch that is on when the setting is off
)

// control is one control of the form of ticket settings. Path is the setting's place in
// its JSON, with dots: "grace.after".
type control struct {
	Path, Label, Hint string
	Kind              kind
	Words             []choice                     // of aChoice
	From              func(offer offered) []choice // of anID: what ConnectWise has
	Value             string                       // as it is shown
	On                bool                         // of a switch
	Wrong             string                       // what is wrong with what was entered
	Own               bool                         // a customer's own value
	Choices           []choice                     // of aChoice and anID
}

// Member is the top-level setting that the control belongs to.
func (c control) Member() string {
	name, _, _ := strings.Cut(c.Path, ".")
	return name
}

// ID names the control on its page.
func (c control) ID() string { return "s-" + strings.ReplaceAll(c.Path, ".", "-") }

// The kinds as templates ask for them.
func (c control) Switch() bool { return c.Kind == aSwitch || c.Kind == anInvert }

// Select says whether it is a list to choose from.
func (c control) Select() bool { return c.Kind == aChoice || c.Kind == anID }

// Minutes says whether a span of time is entered.
func (c control) Minutes() bool { return c.Kind == minutes }

// Area says whether it is a text of many lines.
func (c control) Area() bool { return c.Kind == aText }

// Numeric says whether digits are entered.
func (c control) Numeric() bool { return c.Kind == aNumber || c.Kind == minutes }

// group is some controls under one heading.
type group struct {
	Name, Hint string
	Controls   []control
}

// offered is what ConnectWise has to choose from, seen from the settings.
type offered struct {
	alert.Offer

	Board int // whose types, statuses … are meant
	Known bool
}

func (o offered) board(id int) alert.BoardChoice {
	for _, b := range o.Boards {
		if b.ID == id {
			return b
		}
	}
	return alert.BoardChoice{}
}

func choicesOf(list []alert.Choice) []choice {
	var out []choice
	for _, c := range list {
		out = append(out, choice{Value: strconv.Itoa(c.ID), Name: c.Name})
	}
	return out
}

func statusesOf(list []alert.StatusChoice, closing bool) []choice {
	var out []choice
	for _, s := range list {
		if s.Closed == closing {
			out = append(out, choice{Value: strconv.Itoa(s.ID), Name: s.Name})
		}
	}
	return out
}

// groups are all ticket settings as the form shows them. A test holds them to the
// members of alert.Settings.
func groups(o offered) []group {
	priorities := func(o offered) []choice { return choicesOf(o.Priorities) }
	out := []group{
		{"Where tickets go", "Of customers that are mapped to no company, and for everything that no rule sends elsewhere.", []control{
			{Path: "companyId", Label: "Default company", Kind: anID, From: func(o offered) []choice { return choicesOf(o.Companies) }},
			{Path: "boardId", Label: "Service board", Kind: anID, From: func(o offered) []choice {
				var out []choice
				for _, b := range o.Boards {
					out = append(out, choice{Value: strconv.Itoa(b.ID), Name: b.Name})
				}
				return out
			}},
			{Path: "typeId", Label: "Type", Kind: anID, Hint: "Of the board; some boards demand one.", From: func(o offered) []choice { return choicesOf(o.board(o.Board).Types) }},
			{Path: "subTypeId", Label: "Subtype", Kind: anID, From: func(o offered) []choice {
				var out []choice
				for _, s := range o.board(o.Board).SubTypes {
					out = append(out, choice{Value: strconv.Itoa(s.ID), Name: s.Name})
				}
				return out
			}},
			{Path: "itemId", Label: "Item", Kind: anID, From: func(o offered) []choice { return choicesOf(o.board(o.Board).Items) }},
			{Path: "sourceId", Label: "Source", Kind: anID, From: func(o offered) []choice { return choicesOf(o.Sources) }},
			{Path: "lostCompany", Label: "When a company was deleted or merged", Kind: aChoice, Words: []choice{
				{Value: "", Name: "Use the default company"}, {Value: string(alert.LostStops), Name: "Stop tickets until somebody maps the customer anew"},
			}},
			{Path: "doNotSync", Label: "Do not sync", Kind: aSwitch, Hint: "No tickets at all. Alerts are shown here all the same."},
		}},
		{"Priority", "A class goes before a severity, a severity before the priority of all.", []control{
			{Path: "priorityId", Label: "Priority", Kind: anID, Hint: "Nothing chosen: the board's own.", From: priorities},
			{Path: "priorities.warning", Label: "Of warnings", Kind: anID, From: priorities},
			{Path: "priorities.critical", Label: "Of critical alerts", Kind: anID, From: priorities},
			{Path: "priorities.alarm", Label: "Of alarms", Kind: anID, From: priorities},
		}},
		{"Closing", "A ticket closes on evidence only, and says which.", []control{
			{Path: "autoClose", Label: "Do not close automatically", Kind: anInvert, Hint: "Technicians close tickets; a note says when the trouble is over."},
			{Path: "closeStatusId", Label: "Status of closed tickets", Kind: anID, Hint: "On another board: the status of the same name, else any that closes.", From: func(o offered) []choice { return statusesOf(o.board(o.Board).Statuses, true) }},
			{Path: "closeStatusName", Label: "Its name on other boards", Kind: aLine},
			{Path: "leaveTouched", Label: "Leave tickets open that a technician worked on", Kind: aSwitch},
			{Path: "stillFailing", Label: "When a person closed it and the trouble goes on", Kind: aChoice, Words: []choice{
				{Value: string(alert.StayQuiet), Name: "Stay quiet until it happens anew"}, {Value: string(alert.AddNote), Name: "Add a note"}, {Value: string(alert.ReopenThen), Name: "Reopen it"},
			}},
			{Path: "stillFailingAfter", Label: "…looked at after", Kind: minutes},
		}},
		{"Reopening", "", []control{
			{Path: "reopenWithin", Label: "Reopen the last ticket within", Kind: minutes, Hint: "0: never; a new ticket refers to the old one."},
			{Path: "reopenStatusId", Label: "Status of reopened tickets", Kind: anID, Hint: "Nothing chosen: the board's default.", From: func(o offered) []choice { return statusesOf(o.board(o.Board).Statuses, false) }},
		}},
		{"One ticket for", "", []control{
			{Path: "grouping", Label: "Group by", Kind: aChoice, Words: []choice{
				{Value: string(alert.PerCondition), Name: "Each condition"},
				{Value: string(alert.PerMachine), Name: "Each machine"},
				{Value: string(alert.PerAppliance), Name: "Each customer and appliance"},
				{Value: string(alert.PerCustomer), Name: "Each customer"},
			}},
			{Path: "storm.groups", Label: "Storm guard: more than so many new tickets", Kind: aNumber, Hint: "Of one customer and appliance become one parent ticket; 0: no guard."},
			{Path: "storm.within", Label: "…that begin within", Kind: minutes},
			{Path: "raiseOverdue", Label: "Raise alerts of our own for overdue machines", Kind: aSwitch, Hint: "Endpoint machines may raise none in UniView."},
		}},
		{"Grace", "What must pass before a ticket is opened. What is over before gets none.", []control{
			{Path: "grace.after", Label: "Wait", Kind: minutes},
			{Path: "grace.occurrences", Label: "…or for so many occurrences", Kind: aNumber},
			{Path: "grace.cap", Label: "…but for these no longer than", Kind: minutes, Hint: "0: 24 hours."},
		}},
		{"Notes and texts", "Repeats add a note with how often and when.", []control{
			{Path: "noteEvery", Label: "At most one note on repeats in", Kind: minutes},
			{Path: "customerNotes", Label: "Notes go to the discussion that customers read", Kind: aSwitch},
			{Path: "notify", Label: "Let ConnectWise notify by e-mail", Kind: aSwitch},
			{Path: "summary", Label: "Summary", Kind: aLine, Hint: "At most 100 characters are sent."},
			{Path: "description", Label: "Description", Kind: aText, Hint: "Customers may read it."},
		}},
		{"Limits", "Of the whole account, whatever a customer's own settings say.", []control{
			{Path: "snoozeMaxDays", Label: "Longest snooze, in days", Kind: aNumber, Hint: "0: 30 days."},
			{Path: "noticeAfter", Label: "Tell when alerts wait for ConnectWise longer than", Kind: minutes, Hint: "0: an hour."},
			{Path: "attributionBudget", Label: "Questions to UniView about machines in one sync", Kind: aNumber, Hint: "0: 100."},
			{Path: "searchAfter", Label: "Search for a ticket whose creation was not answered after", Kind: aList, Hint: "Growing minutes with commas between them; empty: 1, 5, 15, 30."},
		}},
	}
	for _, c := range alert.Classes {
		at := slices.IndexFunc(out, func(g group) bool { return g.Name == "Priority" })
		out[at].Controls = append(out[at].Controls, control{Path: "classPriorities." + string(c), Label: "Of " + string(c) + " alerts", Kind: anID, From: priorities})
		at = slices.IndexFunc(out, func(g group) bool { return g.Name == "Grace" })
		for _, part := range []control{
			{Path: ".after", Label: title(string(c)) + ": wait", Kind: minutes},
			{Path: ".occurrences", Label: title(string(c)) + ": or so many occurrences", Kind: aNumber},
			{Path: ".cap", Label: title(string(c)) + ": no longer than", Kind: minutes},
		} {
			part.Path = "graceByClass." + string(c) + part.Path
			out[at].Controls = append(out[at].Controls, part)
		}
	}
	for _, b := range o.Boards {
		if b.ID == o.Board || len(b.Statuses) == 0 {
			continue
		}
		at := slices.IndexFunc(out, func(g group) bool { return g.Name == "Closing" })
		out[at].Controls = append(out[at].Controls, control{Path: fmt.Sprintf("closeStatuses.%d", b.ID), Label: "Closed on " + b.Name, Kind: anID, From: func(o offered) []choice { return statusesOf(o.board(b.ID).Statuses, true) }})
		at = slices.IndexFunc(out, func(g group) bool { return g.Name == "Reopening" })
		out[at].Controls = append(out[at].Controls, control{Path: fmt.Sprintf("reopenStatuses.%d", b.ID), Label: "Reopened on " + b.Name, Kind: anID, From: func(o offered) []choice { return statusesOf(o.board(b.ID).Statuses, false) }})
	}
	return out
}

// object is settings as JSON objects in one another.
type object = map[string]any

// objectOf makes a JSON object of a value.
func objectOf(v any) (object, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	out := object{}
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	if err := d.Decode(&out); err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	return out, nil
}

// at is the value at a path, nil when there is none.
func at(o object, path string) any {
	name, rest, more := strings.Cut(path, ".")
	if !more {
		return o[name]
	}
	inner, ok := o[name].(object)
	if !ok {
		return nil
	}
	return at(inner, rest)
}

// put sets the value at a path; nil takes it away, and objects that are empty then.
func put(o object, path string, value any) {
	name, rest, more := strings.Cut(path, ".")
	if !more {
		if value == nil {
			delete(o, name)
		} else {
			o[name] = value
		}
		return
	}
	inner, ok := o[name].(object)
	if !ok {
		if value == nil {
			return
		}
		inner = object{}
		o[name] = inner
	}
	put(inner, rest, value)
	if len(inner) == 0 {
		delete(o, name)
	}
}

// fill puts values into controls.
func fill(list []group, values object, o offered) {
	for g := range list {
		for i := range list[g].Controls {
			c := &list[g].Controls[i]
			v := at(values, c.Path)
			switch x := v.(type) {
			case bool:
				c.On = x
			case []any:
				var parts []string
				for _, e := range x {
					parts = append(parts, fmt.Sprint(e))
				}
				c.Value = strings.Join(parts, ", ")
			case nil:
			default:
				c.Value = fmt.Sprint(x)
			}
			if c.Kind == anInvert {
				c.On = !c.On
			}
			if c.Kind == aNumber && c.Value == "" || c.Kind == minutes && c.Value == "" {
				c.Value = "0"
			}
			if strings.HasPrefix(c.Path, "graceByClass.") && v == nil {
				c.Value = "" // the grace of all
			}
			c.choices(o)
		}
	}
}

// choices fills a list to choose from; what is stored stays choosable, though
// ConnectWise may not have it any more.
func (c *control) choices(o offered) {
	switch c.Kind {
	case aChoice:
		c.Choices = slices.Clone(c.Words)
	case anID:
		c.Choices = append([]choice{{Value: "0", Name: "Nothing chosen"}}, c.From(o)...)
	default:
		return
	}
	if c.Kind == anID && c.Value == "" {
		c.Value = "0"
	}
	found := false
	for i := range c.Choices {
		c.Choices[i].Chosen = c.Choices[i].Value == c.Value
		found = found || c.Choices[i].Chosen
	}
	if !found {
		c.Choices = append(c.Choices, choice{Value: c.Value, Name: "#" + c.Value + " (as stored)", Chosen: true})
	}
}

// entered writes what a form holds over values. Controls that the form does not hold
// leave their setting; a switch tells by a second field that it was there.
func entered(list []group, form url.Values, values object) {
	for _, g := range list {
		for _, c := range g.Controls {
			if !form.Has(c.Path) && !form.Has("has."+c.Path) {
				continue
			}
			text := strings.TrimSpace(form.Get(c.Path))
			switch c.Kind {
			case aSwitch:
				put(values, c.Path, text == "on")
			case anInvert:
				put(values, c.Path, text != "on")
			case aList:
				putList(values, c.Path, text)
			case aNumber, minutes, anID:
				putNumber(values, c, text)
			case aText:
				put(values, c.Path, strings.ReplaceAll(form.Get(c.Path), "\r\n", "\n"))
			default:
				put(values, c.Path, text)
			}
		}
	}
}

func putNumber(values object, c control, text string) {
	n, err := strconv.Atoi(text)
	inMap := strings.Contains(c.Path, ".") && !strings.HasPrefix(c.Path, "grace.") && !strings.HasPrefix(c.Path, "storm.")
	switch {
	case text == "" && inMap, err == nil && n == 0 && inMap && c.Kind == anID:
		put(values, c.Path, nil) // no value of its own
	case text == "":
		put(values, c.Path, 0)
	case err != nil:
		put(values, c.Path, text) // the API says what is wrong with it
	default:
		put(values, c.Path, n)
	}
}

func putList(values object, path, text string) {
	var list []any
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		if n, err := strconv.Atoi(part); err == nil {
			list = append(list, n)
		} else {
			list = append(list, part)
		}
	}
	if list == nil {
		put(values, path, nil)
		return
	}
	put(values, path, list)
}

// blame puts what is wrong beside the controls it is about.
func blame(list []group, p *problem) {
	if p == nil {
		return
	}
	for g := range list {
		for i := range list[g].Controls {
			c := &list[g].Controls[i]
			for _, x := range p.Problems {
				if x.Field == c.Path || x.Field == c.Member() && c.Wrong == "" {
					c.Wrong = x.Text
				}
			}
			if p.Field == c.Path && c.Wrong == "" {
				c.Wrong = p.Detail
			}
		}
	}
}

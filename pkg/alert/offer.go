package alert

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// Offer is what ConnectWise has now, as far as settings name it. A board that is
// missing does not exist; a member of a board is filled for the boards that are
// named.
type Offer struct {
	Companies  []Choice      `json:"companies"`
	Boards     []BoardChoice `json:"boards"`
	Priorities []Choice      `json:"priorities"`
	Sources    []Choice      `json:"sources"`
}

// Choice is one thing that can be chosen.
type Choice struct {
	ID       int    `json:"id"`
	Name     string `json:"name"`
	Inactive bool   `json:"inactive,omitempty"` // deleted, for a company
	Default  bool   `json:"default,omitempty"`
}

// StatusChoice is a status of a board.
type StatusChoice struct {
	Choice

	Closed bool `json:"closed"` // tickets with it are closed
}

// SubTypeChoice is a subtype of a board.
type SubTypeChoice struct {
	Choice

	TypeIDs []int `json:"typeIds,omitempty"` // the types it fits; empty: not told
}

// BoardChoice is a service board with what belongs to it.
type BoardChoice struct {
	Choice

	Statuses []StatusChoice  `json:"statuses"`
	Types    []Choice        `json:"types"`
	SubTypes []SubTypeChoice `json:"subTypes"`
	Items    []Choice        `json:"items"`
}

// Problem is what is wrong with one field of settings or rules, in words. A
// warning does not keep the settings from being kept.
type Problem struct {
	Field   string `json:"field"`
	Text    string `json:"text"`
	Warning bool   `json:"warning,omitempty"`
}

// Boards are the boards that settings and rules name, in order.
func (s Settings) Boards(rules []Rule) []int {
	named := map[int]bool{s.BoardID: true}
	for _, statuses := range []map[int]int{s.CloseStatuses, s.ReopenStatuses} {
		for board := range statuses {
			named[board] = true
		}
	}
	for _, r := range rules {
		named[r.Then.BoardID] = true
	}
	delete(named, 0)
	return slices.Sorted(maps.Keys(named))
}

// ValidateAgainst says what of the settings ConnectWise does not have now, field
// by field. 0 stands for "not chosen" and is never wrong: without a board or a
// company tickets are held with that reason.
//
// Whether a board demands a type, a subtype or an item cannot be read
// (connectwise.md §7.3 lists no such flag): a board without a default type is a
// warning, and a refused create shows what ConnectWise asks for.
func (s Settings) ValidateAgainst(o Offer) []Problem {
	c := checker{offer: o}
	c.choice("companyId", "company", s.CompanyID, o.Companies)
	c.choice("priorityId", "priority", s.PriorityID, o.Priorities)
	c.choice("sourceId", "source", s.SourceID, o.Sources)
	for severity, id := range s.Priorities {
		c.choice("priorities."+string(severity), "priority", id, o.Priorities)
	}
	for class, id := range s.ClassPriorities {
		c.choice("classPriorities."+string(class), "priority", id, o.Priorities)
	}
	c.place("", s.BoardID, s.TypeID, s.SubTypeID, s.ItemID)
	// A status of another board than the default one is looked for by its name.
	if s.CloseStatusID > 0 && s.BoardID > 0 {
		c.status("closeStatusId", s.BoardID, s.CloseStatusID, true)
	}
	if s.ReopenStatusID > 0 && s.BoardID > 0 {
		c.status("reopenStatusId", s.BoardID, s.ReopenStatusID, false)
	}
	for board, id := range s.CloseStatuses {
		c.status("closeStatuses."+strconv.Itoa(board), board, id, true)
	}
	for board, id := range s.ReopenStatuses {
		c.status("reopenStatuses."+strconv.Itoa(board), board, id, false)
	}
	if b, ok := c.board(s.BoardID); ok && s.AutoClose && !slices.ContainsFunc(b.Statuses, func(st StatusChoice) bool { return st.Closed && !st.Inactive }) {
		c.bad("boardId", "the board %q has no active closing status: tickets on it cannot be closed automatically", b.Name)
	}
	return c.sorted()
}

// ValidateRulesAgainst says what of the rules ConnectWise does not have now.
func ValidateRulesAgainst(rules []Rule, o Offer) []Problem {
	c := checker{offer: o}
	for i, r := range rules {
		field := fmt.Sprintf("rules.%d.then.", i)
		c.choice(field+"companyId", "company", r.Then.CompanyID, o.Companies)
		c.choice(field+"priorityId", "priority", r.Then.PriorityID, o.Priorities)
		c.place(field, r.Then.BoardID, r.Then.TypeID, r.Then.SubTypeID, r.Then.ItemID)
	}
	return c.sorted()
}

type checker struct {
	offer    Offer
	problems []Problem
}

func (c *checker) bad(field, format string, args ...any) {
	c.problems = append(c.problems, Problem{Field: field, Text: fmt.Sprintf(format, args...)})
}

func (c *checker) sorted() []Problem {
	slices.SortStableFunc(c.problems, func(a, b Problem) int { return cmp.Or(cmp.Compare(a.Field, b.Field), cmp.Compare(a.Text, b.Text)) })
	return c.problems
}

// choice checks an id against a list and returns what it names.
func (c *checker) choice(field, what string, id int, list []Choice) {
	if id == 0 {
		return
	}
	i := slices.IndexFunc(list, func(x Choice) bool { return x.ID == id })
	switch {
	case i < 0:
		c.bad(field, "ConnectWise has no %s with the id %d", what, id)
	case list[i].Inactive && what == "company":
		c.bad(field, "the company %q is deleted in ConnectWise", list[i].Name)
	case list[i].Inactive:
		c.bad(field, "the %s %q is inactive in ConnectWise", what, list[i].Name)
	}
}

func (c *checker) board(id int) (BoardChoice, bool) {
	i := slices.IndexFunc(c.offer.Boards, func(b BoardChoice) bool { return b.ID == id })
	if id == 0 || i < 0 {
		return BoardChoice{}, false
	}
	return c.offer.Boards[i], true
}

// place checks a board with its type, subtype and item.
func (c *checker) place(prefix string, board, typ, sub, item int) {
	if board == 0 {
		if typ > 0 {
			c.bad(prefix+"typeId", "a type belongs to a board: choose that too")
		}
		return
	}
	b, ok := c.board(board)
	if !ok {
		c.bad(prefix+"boardId", "ConnectWise has no service board with the id %d", board)
		return
	}
	if b.Inactive {
		c.bad(prefix+"boardId", "the board %q is inactive in ConnectWise", b.Name)
	}
	c.onBoard(prefix+"typeId", "type", typ, b, b.Types)
	c.onBoard(prefix+"itemId", "item", item, b, b.Items)
	subs := make([]Choice, len(b.SubTypes))
	for i, s := range b.SubTypes {
		subs[i] = s.Choice
		if s.ID == sub && typ > 0 && len(s.TypeIDs) > 0 && !slices.Contains(s.TypeIDs, typ) {
			c.bad(prefix+"subTypeId", "the subtype %q does not fit this type", s.Name)
		}
	}
	c.onBoard(prefix+"subTypeId", "subtype", sub, b, subs)
	switch {
	case sub > 0 && typ == 0:
		c.bad(prefix+"subTypeId", "a subtype belongs to a type: choose that too")
	case item > 0 && sub == 0:
		c.bad(prefix+"itemId", "an item belongs to a subtype: choose that too")
	case typ == 0 && len(b.Types) > 0 && !slices.ContainsFunc(b.Types, func(t Choice) bool { return t.Default && !t.Inactive }):
		c.problems = append(c.problems, Problem{
			Field: prefix + "typeId", Warning: true,
			Text: fmt.Sprintf("the board %q has no default type: it may refuse tickets without one", b.Name),
		})
	}
}

func (c *checker) onBoard(field, what string, id int, b BoardChoice, list []Choice) {
	if id == 0 {
		return
	}
	i := slices.IndexFunc(list, func(x Choice) bool { return x.ID == id })
	switch {
	case i < 0:
		c.bad(field, "the board %q has no %s with the id %d", b.Name, what, id)
	case list[i].Inactive:
		c.bad(field, "the %s %q is inactive in ConnectWise", what, list[i].Name)
	}
}

// status checks that a status is on a board and closes tickets, or does not.
func (c *checker) status(field string, board, id int, closing bool) {
	b, ok := c.board(board)
	if !ok {
		c.bad(field, "ConnectWise has no service board with the id %d", board)
		return
	}
	i := slices.IndexFunc(b.Statuses, func(s StatusChoice) bool { return s.ID == id })
	switch {
	case i < 0:
		c.bad(field, "the status %d is not on the board %q", id, b.Name)
	case b.Statuses[i].Inactive:
		c.bad(field, "the status %q is inactive in ConnectWise", b.Statuses[i].Name)
	case b.Statuses[i].Closed != closing && closing:
		c.bad(field, "the status %q of the board %q does not close tickets", b.Statuses[i].Name, b.Name)
	case b.Statuses[i].Closed != closing:
		c.bad(field, "the status %q of the board %q closes tickets: choose one that does not", b.Statuses[i].Name, b.Name)
	}
}

package alert

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"uniview-bridge/pkg/backup"
)

// Rule sends the conditions it fits another way than the settings do. Rules are
// an ordered list: the first that fits counts, the others are not looked at.
type Rule struct {
	Name string `json:"name"`
	Off  bool   `json:"off,omitempty"` // kept, but not looked at
	If   When   `json:"if"`
	Then Effect `json:"then"`
}

// When is what a condition must be for a rule to fit. Every member that is set
// must fit, of a list one entry; a When without members fits everything.
type When struct {
	Classes    []Class         `json:"classes,omitempty"`
	Severities []Severity      `json:"severities,omitempty"`
	Customers  []string        `json:"customers,omitempty"`  // ids
	Appliances []string        `json:"appliances,omitempty"` // ids
	Families   []backup.Family `json:"families,omitempty"`   // of the machine; one that is not told fits none
	Contains   string          `json:"contains,omitempty"`   // in the message, whatever the case
	// Pattern is a regular expression (RE2 syntax: its time grows with the length
	// of the message only) that fits somewhere in the message.
	Pattern string `json:"pattern,omitempty"`
}

// Effect is what a rule changes. Ids are ConnectWise's; 0 leaves what the
// settings say. A board brings its own type, subtype and item.
type Effect struct {
	NoTicket   bool `json:"noTicket,omitempty"`
	CompanyID  int  `json:"companyId,omitempty"`
	BoardID    int  `json:"boardId,omitempty"`
	TypeID     int  `json:"typeId,omitempty"`
	SubTypeID  int  `json:"subTypeId,omitempty"`
	ItemID     int  `json:"itemId,omitempty"`
	PriorityID int  `json:"priorityId,omitempty"`
}

// Limits of rules.
const (
	maxRules    = 200
	maxRuleName = 80 // runes
	maxPattern  = 500
	maxListed   = 2000 // entries of one list of a rule
)

// Subject is what rules look at.
type Subject struct {
	CustomerID  string
	ApplianceID string
	AssetKey    string
	Class       Class
	Severity    Severity
	Message     string
}

// Subject is the condition as rules see it.
func (c Condition) Subject(customerID string) Subject {
	return Subject{CustomerID: customerID, ApplianceID: c.ApplianceID, AssetKey: c.AssetKey, Class: c.Class, Severity: c.Severity, Message: c.Message}
}

// Ruling is the rule that fits a condition, and what it does. The zero value is
// that none fits.
type Ruling struct {
	Number int    `json:"number,omitempty"` // its place, from 1
	Name   string `json:"name,omitempty"`
	Effect Effect `json:"effect,omitzero"`
}

// String names the rule for people: rule 2 "Disks to the hardware board".
func (r Ruling) String() string {
	if r.Number == 0 {
		return "no rule"
	}
	return fmt.Sprintf("rule %d %q", r.Number, r.Name)
}

// Rules are checked rules, ready to be asked.
type Rules struct{ list []compiled }

type compiled struct {
	Ruling
	when     When
	contains string
	pattern  *regexp.Regexp
}

// NewRules makes rules ready. Its error says everything that is wrong with them;
// the rules that are right are usable all the same.
func NewRules(list []Rule) (Rules, error) {
	var out Rules
	var errs []error
	if len(list) > maxRules {
		errs = append(errs, fmt.Errorf("there are at most %d rules", maxRules))
		list = list[:maxRules]
	}
	for i, r := range list {
		c := compiled{Ruling: Ruling{i + 1, r.Name, r.Then}, when: r.If, contains: strings.ToLower(r.If.Contains)}
		if err := errors.Join(r.check(), c.compile()); err != nil {
			errs = append(errs, fmt.Errorf("rule %d %q: %w", i+1, r.Name, err))
			continue
		}
		if !r.Off {
			out.list = append(out.list, c)
		}
	}
	return out, errors.Join(errs...)
}

// check says everything that is wrong with a rule, its pattern left out.
func (r Rule) check() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if strings.TrimSpace(r.Name) == "" || utf8.RuneCountInString(r.Name) > maxRuleName {
		bad("needs a name of at most %d characters", maxRuleName)
	}
	for _, c := range r.If.Classes {
		if !slices.Contains(Classes, c) {
			bad("classes: %q is not a class of alerts", c)
		}
	}
	for _, s := range r.If.Severities {
		if s == "" {
			bad("severities: a severity must not be empty")
		}
	}
	for _, f := range r.If.Families {
		if f != backup.FamilyAppliance && f != backup.FamilyEndpoint {
			bad("families: %q is neither appliance nor endpoint", f)
		}
	}
	for name, n := range map[string]int{"customers": len(r.If.Customers), "appliances": len(r.If.Appliances), "severities": len(r.If.Severities)} {
		if n > maxListed {
			bad("%s: at most %d entries", name, maxListed)
		}
	}
	if len(r.If.Contains) > maxPattern {
		bad("contains: at most %d bytes", maxPattern)
	}
	errs = append(errs, r.Then.check())
	return errors.Join(errs...)
}

func (e Effect) check() error {
	switch {
	case e == Effect{}:
		return errors.New("changes nothing: choose no ticket, a company, a board or a priority")
	case e.NoTicket && e != Effect{NoTicket: true}:
		return errors.New("no ticket and a place for it exclude each other")
	case min(e.CompanyID, e.BoardID, e.TypeID, e.SubTypeID, e.ItemID, e.PriorityID) < 0:
		return errors.New("ids must be 0 or an id of ConnectWise")
	case e.TypeID > 0 && e.BoardID == 0:
		return errors.New("a type belongs to a board: choose that too")
	case e.SubTypeID > 0 && e.TypeID == 0:
		return errors.New("a subtype belongs to a type: choose that too")
	case e.ItemID > 0 && e.SubTypeID == 0:
		return errors.New("an item belongs to a subtype: choose that too")
	}
	return nil
}

func (c *compiled) compile() error {
	if c.when.Pattern == "" {
		return nil
	}
	if len(c.when.Pattern) > maxPattern {
		return fmt.Errorf("pattern: at most %d bytes", maxPattern)
	}
	var err error
	if c.pattern, err = regexp.Compile(c.when.Pattern); err != nil {
		return fmt.Errorf("pattern: %w", err)
	}
	return nil
}

// For is the first rule that fits.
func (r Rules) For(s Subject) Ruling {
	for _, c := range r.list {
		if c.fits(s) {
			return c.Ruling
		}
	}
	return Ruling{}
}

func (c compiled) fits(s Subject) bool {
	w := c.when
	family, _, _ := strings.Cut(s.AssetKey, ":")
	return anyOf(w.Classes, s.Class) && anyOf(w.Severities, s.Severity) && anyOf(w.Customers, s.CustomerID) &&
		anyOf(w.Appliances, s.ApplianceID) && anyOf(w.Families, backup.Family(family)) &&
		(c.contains == "" || strings.Contains(strings.ToLower(s.Message), c.contains)) &&
		(c.pattern == nil || c.pattern.MatchString(s.Message))
}

// anyOf says whether a list is empty or holds the value.
func anyOf[T comparable](list []T, value T) bool {
	return len(list) == 0 || slices.Contains(list, value)
}

// Routed are the settings with a rule's effect. A board of the rule's brings its
// own type, subtype and item, and a priority of the rule's counts for every
// severity and class. The customer's company stands unless the rule names one.
func (s Settings) Routed(e Effect) Settings {
	if e.CompanyID > 0 {
		s.CompanyID = e.CompanyID
		if !s.DoNotSync {
			s.Blocked = ""
		}
	}
	if e.BoardID > 0 {
		s.BoardID, s.TypeID, s.SubTypeID, s.ItemID = e.BoardID, e.TypeID, e.SubTypeID, e.ItemID
	}
	if e.PriorityID > 0 {
		s.PriorityID, s.Priorities, s.ClassPriorities = e.PriorityID, nil, nil
	}
	return s
}

// route names where an effect sends a ticket; empty: where the settings do. The
// priority is no part of it: one ticket can change its priority, not its board.
func (e Effect) route() string {
	e.NoTicket, e.PriorityID = false, 0
	if e == (Effect{}) {
		return ""
	}
	return "/route/" + digest(4, fmt.Sprint(e.CompanyID, e.BoardID, e.TypeID, e.SubTypeID, e.ItemID))
}

// Lead is the condition that speaks for a group: the most severe one that is
// open and not held, then the oldest. ok is false when there is none.
func Lead(conditions []Condition) (lead Condition, ok bool) {
	for _, c := range conditions {
		if !c.Active() {
			continue
		}
		if !ok || cmp.Or(cmp.Compare(lead.Severity.rank(), c.Severity.rank()), c.First.Compare(lead.First), cmp.Compare(c.Key, lead.Key)) < 0 {
			lead, ok = c, true
		}
	}
	return lead, ok
}

package alert

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"uniview-bridge/pkg/backup"
)

func TestTheFirstRuleThatFitsCounts(t *testing.T) {
	t.Parallel()
	board := func(n int) Effect { return Effect{BoardID: n} }
	rules, err := NewRules([]Rule{
		{Name: "off", Off: true, Then: board(1)},
		{Name: "disks", If: When{Classes: []Class{ClassHardware, ClassCapacity}}, Then: board(2)},
		{Name: "quiet customer", If: When{Customers: []string{"c2"}, Severities: []Severity{SeverityWarning}}, Then: Effect{NoTicket: true}},
		{Name: "box", If: When{Appliances: []string{"ap9"}}, Then: board(4)},
		{Name: "laptops", If: When{Families: []backup.Family{backup.FamilyEndpoint}}, Then: board(5)},
		{Name: "words", If: When{Contains: "SQL Server"}, Then: board(6)},
		{Name: "pattern", If: When{Pattern: `(?i)\bvm-[0-9]{2}\b`}, Then: board(7)},
		{Name: "two at once", If: When{Classes: []Class{ClassBackup}, Contains: "nightly"}, Then: Effect{PriorityID: 8}},
	})
	if err != nil {
		t.Fatal(err)
	}
	base := Subject{CustomerID: "c1", ApplianceID: "ap1", AssetKey: "appliance:m1", Class: ClassBackup, Severity: SeverityWarning, Message: "Backup failed"}
	for _, tt := range []struct {
		name   string
		change func(*Subject)
		want   int
	}{
		{"nothing fits", func(*Subject) {}, 0},
		{"a class", func(s *Subject) { s.Class = ClassCapacity }, 2},
		{"customer and severity", func(s *Subject) { s.CustomerID = "c2" }, 3},
		{"the customer, but another severity", func(s *Subject) { s.CustomerID, s.Severity = "c2", SeverityAlarm }, 0},
		{"the class goes before the customer", func(s *Subject) { s.CustomerID, s.Class = "c2", ClassHardware }, 2},
		{"an appliance", func(s *Subject) { s.ApplianceID = "ap9" }, 4},
		{"a family", func(s *Subject) { s.AssetKey = "endpoint:x" }, 5},
		{"a machine that is not told has no family", func(s *Subject) { s.AssetKey = "" }, 0},
		{"words in any case", func(s *Subject) { s.Message = "backup of sql server failed" }, 6},
		{"a pattern", func(s *Subject) { s.Message = "Backup of VM-07 failed" }, 7},
		{"a pattern that does not fit", func(s *Subject) { s.Message = "Backup of VM-7 failed" }, 0},
		{"all members must fit", func(s *Subject) { s.Message = "Nightly failed" }, 8},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := base
			tt.change(&s)
			if got := rules.For(s); got.Number != tt.want {
				t.Errorf("%s, want rule %d", got, tt.want)
			}
		})
	}
	if got := (Ruling{Number: 2, Name: "disks"}).String(); got != `rule 2 "disks"` {
		t.Errorf("named %s", got)
	}
}

func TestRulesThatMakeNoSenseAreRefusedWithWords(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		rule Rule
		want string
	}{
		{"no name", Rule{Then: Effect{NoTicket: true}}, "needs a name"},
		{"no effect", Rule{Name: "x"}, "changes nothing"},
		{"no ticket and a board", Rule{Name: "x", Then: Effect{NoTicket: true, BoardID: 1}}, "exclude each other"},
		{"a type without a board", Rule{Name: "x", Then: Effect{TypeID: 1}}, "a type belongs to a board"},
		{"a subtype without a type", Rule{Name: "x", Then: Effect{BoardID: 1, SubTypeID: 1}}, "a subtype belongs to a type"},
		{"an item without a subtype", Rule{Name: "x", Then: Effect{BoardID: 1, TypeID: 1, ItemID: 1}}, "an item belongs to a subtype"},
		{"a negative id", Rule{Name: "x", Then: Effect{PriorityID: -1}}, "ids must be"},
		{"a class that is none", Rule{Name: "x", If: When{Classes: []Class{"weather"}}, Then: Effect{NoTicket: true}}, `"weather" is not a class`},
		{"a family that is none", Rule{Name: "x", If: When{Families: []backup.Family{"phone"}}, Then: Effect{NoTicket: true}}, `"phone" is neither`},
		{"a broken pattern", Rule{Name: "x", If: When{Pattern: "("}, Then: Effect{NoTicket: true}}, "pattern: "},
		{"a pattern that is too much work", Rule{Name: "x", If: When{Pattern: "((a{1000}){1000}){1000}"}, Then: Effect{NoTicket: true}}, "pattern: "},
		{"a pattern too long", Rule{Name: "x", If: When{Pattern: strings.Repeat("a", 501)}, Then: Effect{NoTicket: true}}, "at most 500 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rules, err := NewRules([]Rule{tt.rule, {Name: "right", Then: Effect{PriorityID: 3}}})
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "rule 1 ") {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
			// One wrong rule takes none of the others along.
			if got := rules.For(Subject{}); got.Number != 2 {
				t.Errorf("%s fits", got)
			}
		})
	}
}

func TestAnEffectBringsItsWholePlace(t *testing.T) {
	t.Parallel()
	s := ready(func(s *Settings) {
		s.TypeID, s.SubTypeID, s.ItemID, s.PriorityID, s.Blocked = 1, 2, 3, 4, "lost"
		s.Priorities = map[Severity]int{SeverityAlarm: 9}
	})
	if got := s.Routed(Effect{}); !cmp.Equal(got, s) {
		t.Errorf("no effect changes settings: %s", cmp.Diff(s, got))
	}
	got := s.Routed(Effect{BoardID: 30, TypeID: 31})
	if got.BoardID != 30 || got.TypeID != 31 || got.SubTypeID != 0 || got.ItemID != 0 || got.CompanyID != 7 || got.Blocked == "" {
		t.Errorf("another board: %+v", got)
	}
	if got := s.Routed(Effect{CompanyID: 70}); got.CompanyID != 70 || got.BoardID != 3 || got.TypeID != 1 || got.Blocked != "" {
		t.Errorf("another company: %+v", got)
	}
	if got := s.Routed(Effect{PriorityID: 5}); got.PriorityOf(ClassBackup, SeverityAlarm) != 5 || s.PriorityOf(ClassBackup, SeverityAlarm) != 9 {
		t.Errorf("another priority: %+v", got)
	}
}

func TestConditionsWithDifferentPlacesShareNoGroup(t *testing.T) {
	t.Parallel()
	c := Condition{Key: "v1:a", AssetKey: "appliance:m1", ApplianceID: "ap1", Class: ClassBackup}
	plain := RoutedKey("c1", PerMachine, c, Effect{})
	if plain != GroupKey("c1", PerMachine, c) {
		t.Errorf("without a rule the key is %s", plain)
	}
	if RoutedKey("c1", PerMachine, c, Effect{PriorityID: 4}) != plain {
		t.Error("a priority makes another group")
	}
	keys := map[string]bool{plain: true}
	for _, e := range []Effect{{BoardID: 1}, {BoardID: 2}, {CompanyID: 1}, {BoardID: 1, TypeID: 2}, {BoardID: 1, CompanyID: 2}} {
		key := RoutedKey("c1", PerMachine, c, e)
		if keys[key] || !strings.HasPrefix(key, plain+"/route/") {
			t.Errorf("%+v has the key %s", e, key)
		}
		keys[key] = true
	}
}

func TestPrioritiesOfClassesGoBeforeThoseOfSeverities(t *testing.T) {
	t.Parallel()
	s := ready(func(s *Settings) {
		s.PriorityID, s.Priorities, s.ClassPriorities = 1, map[Severity]int{SeverityAlarm: 2}, map[Class]int{ClassCapacity: 3}
	})
	for want, got := range map[int]int{
		1: s.PriorityOf(ClassBackup, SeverityWarning), 2: s.PriorityOf(ClassBackup, SeverityAlarm), 3: s.PriorityOf(ClassCapacity, SeverityAlarm),
	} {
		if got != want {
			t.Errorf("priority %d, want %d", got, want)
		}
	}
}

func TestTheMostSevereActiveConditionLeads(t *testing.T) {
	t.Parallel()
	old := openCondition("v1:old", func(c *Condition) { c.First = at(-90) })
	held := openCondition("v1:held", func(c *Condition) { c.Severity, c.Held = SeverityAlarm, &Held{} })
	if lead, ok := Lead([]Condition{openCondition("v1:a", nil), held, old, overCondition("v1:over", at(-1))}); !ok || lead.Key != "v1:old" {
		t.Errorf("%s leads", lead.Key)
	}
	severe := openCondition("v1:z", func(c *Condition) { c.Severity = SeverityCritical })
	if lead, ok := Lead([]Condition{old, severe}); !ok || lead.Key != "v1:z" {
		t.Errorf("%s leads", lead.Key)
	}
	if _, ok := Lead([]Condition{held}); ok {
		t.Error("a held condition leads")
	}
}

func FuzzRulesNeverPanic(f *testing.F) {
	f.Add("a|b*", "Backup of SRV1 failed")
	f.Fuzz(func(t *testing.T, pattern, message string) {
		rules, err := NewRules([]Rule{{Name: "x", If: When{Pattern: pattern, Contains: "x"}, Then: Effect{NoTicket: true}}})
		if got := rules.For(Subject{Message: message}); err != nil && got.Number != 0 {
			t.Errorf("a refused rule fits")
		}
	})
}

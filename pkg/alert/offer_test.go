package alert

import (
	"strings"
	"testing"
)

func offered() Offer {
	pick := func(id int, name string) Choice { return Choice{ID: id, Name: name} }
	old := func(id int, name string) Choice { return Choice{ID: id, Name: name, Inactive: true} }
	return Offer{
		Companies: []Choice{pick(7, "Ada Ltd"), old(8, "Gone Ltd")}, Priorities: []Choice{pick(1, "High")}, Sources: []Choice{pick(2, "Bridge")},
		Boards: []BoardChoice{
			{
				Choice:   pick(3, "Service"),
				Statuses: []StatusChoice{{Choice: pick(30, "New")}, {Choice: pick(31, ">Closed"), Closed: true}, {Choice: old(32, "Old"), Closed: true}},
				Types:    []Choice{{ID: 33, Name: "Backup", Default: true}, old(34, "Fax")},
				SubTypes: []SubTypeChoice{{Choice: pick(35, "Failed"), TypeIDs: []int{33}}, {Choice: pick(36, "Toner"), TypeIDs: []int{99}}},
				Items:    []Choice{pick(37, "Server")},
			},
			{Choice: pick(4, "Odd"), Statuses: []StatusChoice{{Choice: pick(40, "New")}}, Types: []Choice{pick(41, "Thing")}},
			{Choice: old(5, "Old board"), Statuses: []StatusChoice{{Choice: pick(50, "Done"), Closed: true}}},
		},
	}
}

func TestSettingsAreCheckedAgainstWhatConnectWiseHas(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		change  func(*Settings)
		field   string // empty: nothing is wrong
		text    string
		warning bool
	}{
		{name: "all there", change: func(s *Settings) {
			s.TypeID, s.SubTypeID, s.ItemID, s.PriorityID, s.SourceID, s.CloseStatusID, s.ReopenStatusID = 33, 35, 37, 1, 2, 31, 30
			s.CloseStatuses, s.ReopenStatuses = map[int]int{5: 50}, map[int]int{4: 40}
		}},
		{name: "nothing chosen", change: func(s *Settings) { s.CompanyID, s.BoardID = 0, 0 }},
		{name: "no such company", change: func(s *Settings) { s.CompanyID = 70 }, field: "companyId", text: "no company with the id 70"},
		{name: "a deleted company", change: func(s *Settings) { s.CompanyID = 8 }, field: "companyId", text: `"Gone Ltd" is deleted`},
		{name: "no such board", change: func(s *Settings) { s.BoardID = 9 }, field: "boardId", text: "no service board with the id 9"},
		{name: "an inactive board", change: func(s *Settings) { s.BoardID = 5 }, field: "boardId", text: `"Old board" is inactive`},
		{name: "a board that closes nothing", change: func(s *Settings) { s.BoardID, s.TypeID = 4, 41 }, field: "boardId", text: "no active closing status"},
		{name: "a board without a default type", change: func(s *Settings) { s.BoardID, s.AutoClose = 4, false }, field: "typeId", text: "no default type", warning: true},
		{name: "a status of another board", change: func(s *Settings) { s.CloseStatusID = 50 }, field: "closeStatusId", text: `the status 50 is not on the board "Service"`},
		{name: "a closing status that does not close", change: func(s *Settings) { s.CloseStatusID = 30 }, field: "closeStatusId", text: "does not close tickets"},
		{name: "an inactive status", change: func(s *Settings) { s.CloseStatusID = 32 }, field: "closeStatusId", text: `"Old" is inactive`},
		{name: "reopening into a closing status", change: func(s *Settings) { s.ReopenStatusID = 31 }, field: "reopenStatusId", text: "closes tickets"},
		{name: "a status for a board that is not there", change: func(s *Settings) { s.ReopenStatuses = map[int]int{99: 1} }, field: "reopenStatuses.99", text: "no service board"},
		{name: "a type of another board", change: func(s *Settings) { s.TypeID = 41 }, field: "typeId", text: `"Service" has no type with the id 41`},
		{name: "an inactive type", change: func(s *Settings) { s.TypeID = 34 }, field: "typeId", text: `"Fax" is inactive`},
		{name: "a subtype that does not fit", change: func(s *Settings) { s.TypeID, s.SubTypeID = 33, 36 }, field: "subTypeId", text: "does not fit"},
		{name: "a subtype without a type", change: func(s *Settings) { s.SubTypeID = 35 }, field: "subTypeId", text: "belongs to a type"},
		{name: "an item without a subtype", change: func(s *Settings) { s.TypeID, s.ItemID = 33, 37 }, field: "itemId", text: "belongs to a subtype"},
		{name: "no such priority", change: func(s *Settings) { s.PriorityID = 9 }, field: "priorityId", text: "no priority"},
		{name: "no such priority of a severity", change: func(s *Settings) { s.Priorities = map[Severity]int{SeverityAlarm: 9} }, field: "priorities.alarm", text: "no priority"},
		{name: "no such priority of a class", change: func(s *Settings) { s.ClassPriorities = map[Class]int{ClassJob: 9} }, field: "classPriorities.job", text: "no priority"},
		{name: "no such source", change: func(s *Settings) { s.SourceID = 9 }, field: "sourceId", text: "no source"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := ready(tt.change).ValidateAgainst(offered())
			switch {
			case tt.field == "" && len(got) == 0:
			case len(got) != 1 || got[0].Field != tt.field || !strings.Contains(got[0].Text, tt.text) || got[0].Warning != tt.warning:
				t.Errorf("problems %+v, want %s: %s", got, tt.field, tt.text)
			}
		})
	}
	rules := []Rule{{Name: "right", Then: Effect{BoardID: 3, TypeID: 33}}, {Name: "wrong", Then: Effect{BoardID: 3, TypeID: 41, CompanyID: 8}}}
	got := ValidateRulesAgainst(rules, offered())
	if len(got) != 2 || got[0].Field != "rules.1.then.companyId" || got[1].Field != "rules.1.then.typeId" {
		t.Errorf("problems of rules %+v", got)
	}
	s := ready(func(s *Settings) { s.CloseStatuses = map[int]int{5: 50} })
	if boards := s.Boards(rules); len(boards) != 2 || boards[0] != 3 || boards[1] != 5 {
		t.Errorf("names the boards %v", boards)
	}
}

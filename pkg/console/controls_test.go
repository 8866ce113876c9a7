package console

import (
	"encoding/json"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"uniview-bridge/pkg/alert"
)

// leaves are the paths of all settings that a JSON object can hold.
func leaves(t reflect.Type, prefix string) []string {
	var out []string
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		path := prefix + name
		switch ft := field.Type; ft.Kind() {
		case reflect.Struct:
			out = append(out, leaves(ft, path+".")...)
		case reflect.Map:
			out = append(out, path+".*")
		default:
			out = append(out, path)
		}
	}
	return out
}

// office is what ConnectWise has in these tests: two boards with all that belongs to them.
func office() offered {
	board := func(id int) alert.BoardChoice {
		return alert.BoardChoice{
			Choice:   alert.Choice{ID: id, Name: "Board " + strconv.Itoa(id)},
			Statuses: []alert.StatusChoice{{Choice: alert.Choice{ID: id*10 + 1, Name: "New"}}, {Choice: alert.Choice{ID: id*10 + 2, Name: "Closed"}, Closed: true}},
			Types:    []alert.Choice{{ID: id*10 + 3, Name: "Type"}}, SubTypes: []alert.SubTypeChoice{{Choice: alert.Choice{ID: id*10 + 4, Name: "Subtype"}}},
			Items: []alert.Choice{{ID: id*10 + 5, Name: "Item"}},
		}
	}
	return offered{Board: 1, Known: true, Offer: alert.Offer{
		Companies: []alert.Choice{{ID: 7, Name: "Ours"}}, Boards: []alert.BoardChoice{board(1), board(2)},
		Priorities: []alert.Choice{{ID: 8, Name: "High"}}, Sources: []alert.Choice{{ID: 9, Name: "Backup"}},
	}}
}

func TestEveryTicketSettingHasAControl(t *testing.T) {
	t.Parallel()
	have := map[string]bool{}
	for _, g := range groups(office()) {
		for _, c := range g.Controls {
			if have[c.Path] {
				t.Errorf("%s has two controls", c.Path)
			}
			have[c.Path] = true
			if name, _, inMap := strings.Cut(c.Path, "."); inMap {
				have[name+".*"] = true
			}
		}
	}
	for _, path := range leaves(reflect.TypeFor[alert.Settings](), "") {
		if !have[path] {
			t.Errorf("the setting %s has no control", path)
		}
	}
	for _, c := range alert.Classes {
		if !have["classPriorities."+string(c)] || !have["graceByClass."+string(c)+".after"] {
			t.Errorf("the class %s has no priority or grace of its own", c)
		}
	}
}

// sent is the form as a browser sends it when nothing was touched.
func sent(list []group) url.Values {
	form := url.Values{}
	for _, g := range list {
		for _, c := range g.Controls {
			switch {
			case c.Switch():
				form.Set("has."+c.Path, "1")
				if c.On {
					form.Set(c.Path, "on")
				}
			case c.Select():
				at := slices.IndexFunc(c.Choices, func(x choice) bool { return x.Chosen })
				form.Set(c.Path, c.Choices[max(at, 0)].Value)
			default:
				form.Set(c.Path, strings.ReplaceAll(c.Value, "\n", "\r\n"))
			}
		}
	}
	return form
}

func TestAFormThatNobodyTouchedChangesNothing(t *testing.T) {
	t.Parallel()
	full := alert.Defaults()
	full.CompanyID, full.BoardID, full.TypeID, full.SubTypeID, full.ItemID, full.SourceID = 7, 1, 13, 14, 15, 9
	full.PriorityID, full.Priorities, full.ClassPriorities = 8, map[alert.Severity]int{alert.SeverityAlarm: 8}, map[alert.Class]int{alert.ClassHardware: 8}
	full.LostCompany, full.AutoClose, full.CloseStatusID, full.CloseStatusName = alert.LostStops, false, 12, "Closed"
	full.Grace = alert.Grace{After: 10, Occurrences: 2, Cap: 60}
	full.GraceByClass = map[alert.Class]alert.Grace{alert.ClassOffline: {}, alert.ClassBackup: {After: 5}}
	full.ReopenStatusID, full.ReopenStatuses, full.CloseStatuses = 11, map[int]int{2: 21}, map[int]int{2: 22}
	full.SearchAfter, full.RaiseOverdue, full.AttributionBudget, full.SnoozeMaxDays, full.NoticeAfter = []alert.Minutes{2, 9}, true, 5, 6, 7
	gone := full
	gone.BoardID, gone.CompanyID, gone.PriorityID = 99, 98, 97
	for name, settings := range map[string]alert.Settings{"a new installation": alert.Defaults(), "everything set": full, "what ConnectWise has no more": gone} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values, err := objectOf(settings)
			if err != nil {
				t.Fatal(err)
			}
			list := groups(office())
			fill(list, values, office())
			entered(list, sent(list), values)
			raw, err := json.Marshal(values)
			if err != nil {
				t.Fatal(err)
			}
			var out alert.Settings
			if err := json.Unmarshal(raw, &out); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(settings, out); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatIsEnteredIsSent(t *testing.T) {
	t.Parallel()
	values, err := objectOf(alert.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	list := groups(office())
	entered(list, url.Values{
		"has.autoClose": {"1"}, "autoClose": {"on"}, "grace.after": {" 15 "}, "priorities.alarm": {"8"}, "searchAfter": {"1, x"}, "storm.groups": {"many"},
		"graceByClass.job.after": {"3"}, "closeStatuses.2": {"22"},
	}, values)
	want := map[string]any{
		"autoClose": false, "grace.after": 15, "priorities.alarm": 8, "storm.groups": "many", "graceByClass.job.after": 3, "closeStatuses.2": 22,
	}
	for path, w := range want {
		if got := at(values, path); got != w {
			t.Errorf("%s is sent as %v, want %v", path, got, w)
		}
	}
	if diff := cmp.Diff([]any{1, "x"}, at(values, "searchAfter")); diff != "" {
		t.Error(diff)
	}
	blame(list, &problem{Problems: nil, Field: "grace.after", Detail: "too long"})
	if got := list[5].Controls[0]; got.Path != "grace.after" || got.Wrong != "too long" {
		t.Errorf("what is wrong is said beside %s: %q", got.Path, got.Wrong)
	}
}

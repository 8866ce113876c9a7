package review_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/platform/local"
	"uniview-bridge/pkg/review"
	"uniview-bridge/pkg/state"
)

// readTable reads what was exported and holds it to what spreadsheets take for text.
func readTable(t *testing.T, raw []byte) [][]string {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if strings.IndexFunc(strings.TrimSpace(cell), func(r rune) bool { return strings.ContainsRune("=+-@＝＋－＠", r) }) == 0 {
				t.Errorf("a cell begins like a formula: %q", cell)
			}
		}
	}
	return rows
}

func TestTheMappingComesBackUnchanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.save(state.CustomerKey("c5"), state.Customer{ID: "c5", Name: "=HYPERLINK(\"x\");\t=1\n+2", Machines: map[string]int{"matched": 1}, Links: match.CustomerLinks{Organization: match.Link{State: match.Matched, TargetID: "o1", TargetName: " @One"}}})
	w.save(state.DocumentationKey("c5"), state.Documentation{Machines: map[string]state.Machine{
		"appliance:m5": {Name: "-SRV;=5", Link: match.Link{State: match.Matched, TargetID: "k1", TargetName: "SRV1", Reason: "same MAC address", By: match.Auto, At: noon}},
		"endpoint:m6":  {Name: "'", Link: match.Link{State: match.Ignored, By: "bob", At: noon, Reason: "=old"}},
	}})
	w.save(state.CustomerKey("c2"), state.Customer{ID: "c2", Name: "Customer c2", Machines: map[string]int{"unmatched": 1}, Links: w.customer("c2").Links})
	out, err := w.service.ExportMapping(t.Context(), review.MappingFilter{})
	if err != nil {
		t.Fatal(err)
	}
	rows := readTable(t, out)
	if len(rows) != 1+5+3 {
		t.Errorf("%d lines", len(rows))
	}
	result, err := w.service.ImportMapping(t.Context(), anna, bytes.NewReader(append([]byte("\xef\xbb\xbf"), out...)), review.ImportOptions{})
	if err != nil || len(result.Changes)+len(result.Errors)+len(result.Kept) > 0 || result.Rows != 8 {
		t.Errorf("importing what was exported: %v %+v", err, result)
	}
	for _, c := range []struct {
		filter review.MappingFilter
		want   int
	}{
		{review.MappingFilter{Customers: true}, 5},
		{review.MappingFilter{Machines: true}, 3},
		{review.MappingFilter{Customer: "c5"}, 3},
		{review.MappingFilter{Customer: "c1", Machines: true}, 1},
		{review.MappingFilter{Only: func(id string) bool { return id == "c2" }}, 2},
	} {
		out, err := w.service.ExportMapping(t.Context(), c.filter)
		if err != nil || len(readTable(t, out)) != 1+c.want {
			t.Errorf("%+v: %d lines, want %d: %v", c.filter, len(readTable(t, out))-1, c.want, err)
		}
	}
	if _, err := w.service.ExportMapping(t.Context(), review.MappingFilter{Customer: "c99"}); err == nil {
		t.Error("an unknown customer was exported")
	}
}

func TestCellsAreTextForSpreadsheets(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", "plain": "plain", "a=b": "a=b", "=1": "'=1", "+1": "'+1", "-1": "'-1", "@x": "'@x", "\t=1": "'\t=1", " =1": "' =1",
		"|x": "'|x", "%x": "'%x", "'x": "''x", "＝1": "'＝1", "\r\n=1": "'\r\n=1",
	} {
		if got := review.Cell(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestImportedMappings(t *testing.T) {
	t.Parallel()
	const header = "customer_id,organization_state,organization_id,company_id\n"
	const machines = "customer_id,asset_id,organization_id,configuration_state,configuration_id\n"
	for name, c := range map[string]struct {
		csv     string
		changes []string
		errors  []string
	}{
		"an id matches":                         {header + "c4,unmatched,o3,\n", []string{"c4 organization match o3"}, nil},
		"an id of a company matches":            {header + "c4,,,7\n", []string{"c4 company match 7"}, nil},
		"ignored ignores":                       {header + "c2,ignored,o2,\n", []string{"c2 organization ignore "}, nil},
		"unmatched takes a match away":          {header + "c2,unmatched,o2,\n", []string{"c2 organization unmatch "}, nil},
		"a blank line changes nothing":          {header + "c2,,,\n", nil, nil},
		"an unknown customer is an error":       {header + "c9,ignored,,\n", nil, []string{"2 customer_id"}},
		"an unknown organization is an error":   {header + "c4,,o9,\n", nil, []string{"2 organization_id"}},
		"a deleted company is an error":         {header + "c4,,,8\n", nil, []string{"2 company_id"}},
		"a customer twice is an error":          {header + "c4,,,\nc4,,,\n", nil, []string{"3 customer_id"}},
		"a word that is no state is an error":   {header + "c4,lost,,\n", nil, []string{"2 organization_state"}},
		"matched without an id is an error":     {header + "c4,matched,,\n", nil, []string{"2 organization_id"}},
		"ignored does not go with an id":        {header + "c4,ignored,o3,\n", nil, []string{"2 organization_state"}},
		"a machine's id matches":                {machines + "c2,appliance:m2,,,k2\n", []string{"appliance:m2 configuration match k2"}, nil},
		"a machine is ignored":                  {machines + "c2,appliance:m2,,ignored,\n", []string{"appliance:m2 configuration ignore "}, nil},
		"a machine of another customer":         {machines + "c2,appliance:m1,,,k2\n", nil, []string{"2 asset_id"}},
		"a machine twice":                       {machines + "c2,appliance:m2,,,\nc2,appliance:m2,,,\n", nil, []string{"3 asset_id"}},
		"an archived configuration":             {machines + "c2,appliance:m2,,,k3\n", nil, []string{"2 configuration_id"}},
		"another organization's configuration":  {machines + "c2,appliance:m2,,,k1\n", nil, []string{"2 configuration_id"}},
		"a machine without an organization":     {machines + "c4,appliance:m4,,,k1\n", nil, []string{"2 configuration_id"}},
		"the organization comes with the file":  {machines + "c4,appliance:m4,,,k1\nc4,,o1,,\n", []string{"c4 organization match o1", "appliance:m4 configuration match k1"}, nil},
		"an organization in a machine's line":   {machines + "c2,appliance:m2,o2,,\n", nil, []string{"2 organization_id"}},
		"a configuration in a customer's line":  {machines + "c2,,,,k2\n", nil, []string{"2 configuration_id"}},
		"every line's error has its number":     {header + "c9,,,\nc4,lost,,\nc2,,o9,\n", nil, []string{"2 customer_id", "3 organization_state", "4 organization_id"}},
		"an apostrophe of a spreadsheet is off": {header + "c4,,'@o,\n", nil, []string{"2 organization_id"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			result, err := w.service.ImportMapping(t.Context(), anna, strings.NewReader(c.csv), review.ImportOptions{DryRun: true})
			if err != nil {
				t.Fatal(err)
			}
			var changes, errs []string
			for _, x := range result.Changes {
				changes = append(changes, fmt.Sprintf("%s %s %s %s", orElse(x.AssetID, x.CustomerID), x.Side, x.Action, x.TargetID))
			}
			for _, x := range result.Errors {
				errs = append(errs, fmt.Sprintf("%d %s", x.Line, x.Column))
			}
			if diff := cmp.Diff(c.changes, changes); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.errors, errs); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
			if entries, _ := state.Audits(t.Context(), w.store, "", 9); len(entries) > 0 {
				t.Errorf("a dry run decided: %+v", entries)
			}
			applied, err := w.service.ImportMapping(t.Context(), anna, strings.NewReader(c.csv), review.ImportOptions{})
			if err != nil || (len(c.errors) == 0) != (applied.Applied == len(c.changes)) && len(c.changes) > 0 {
				t.Errorf("applied %d: %v", applied.Applied, err)
			}
		})
	}
}

func orElse(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func TestAnImportKeepsWhatOthersDecided(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.service.Customer(t.Context(), "bob", "c4", review.Organization, review.Decision{Action: review.Match, TargetID: "o1"}); err != nil {
		t.Fatal(err)
	}
	const file = "customer_id,organization_id,note\nc4,o3,so it is\nc1,o3,\n"
	read := func(o review.ImportOptions) review.MappingResult {
		t.Helper()
		r, err := w.service.ImportMapping(t.Context(), anna, strings.NewReader(file), o)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := read(review.ImportOptions{}); r.Applied != 1 || len(r.Kept) != 1 || r.Kept[0].Line != 2 || !strings.Contains(r.Kept[0].Message, "bob decided this") {
		t.Errorf("%+v", r)
	}
	if r := read(review.ImportOptions{Overwrite: true}); r.Applied != 1 || len(r.Kept) != 0 {
		t.Errorf("told to overwrite: %+v", r)
	}
	if l := w.customer("c4").Links.Organization; l.TargetID != "o3" || l.By != anna || l.Reason != "so it is" {
		t.Errorf("%+v", l)
	}
	if r := read(review.ImportOptions{Overwrite: true}); r.Applied != 0 || len(r.Changes) != 0 {
		t.Errorf("read again: %+v", r)
	}
}

func TestTwoLinesThatLeadToOneRecordAreSaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r, err := w.service.ImportMapping(t.Context(), anna, strings.NewReader("customer_id,company_id\nc1,7\nc2,7\n"), review.ImportOptions{DryRun: true})
	if err != nil || len(r.Changes) != 2 || len(r.Warnings) != 1 || r.Warnings[0].Line != 3 {
		t.Errorf("%v %+v", err, r)
	}
}

func FuzzImportMapping(f *testing.F) {
	f.Add("customer_id,organization_state,organization_id\nc1,ignored,\n")
	f.Add("\xef\xbb\xbfcustomer_id\n\"c1\n")
	f.Add("a,b\n")
	dir := f.TempDir()
	store, err := local.Open(dir, local.Options{NoSync: true})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = store.Close() })
	if _, err := state.Save(f.Context(), store, state.CustomerKey("c1"), state.Customer{ID: "c1", Name: "One"}, state.Any, time.Time{}); err != nil {
		f.Fatal(err)
	}
	s := &review.Service{Table: store, Directory: review.NewDirectory(store), Now: time.Now, Random: func() string { return "r" }}
	f.Fuzz(func(t *testing.T, in string) {
		var refusal *review.Refusal
		if _, err := s.ImportMapping(t.Context(), anna, strings.NewReader(in), review.ImportOptions{DryRun: true}); err != nil && !errors.As(err, &refusal) {
			t.Errorf("%q: %v", in, err)
		}
	})
}

package view_test

import (
	"fmt"
	"testing"
	"time"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/docsync"
	"uniview-bridge/pkg/httpapi/view"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/platform/local"
	"uniview-bridge/pkg/review"
	"uniview-bridge/pkg/state"
)

// large is an account of 10,000 customers with 25 machines each.
func large(b *testing.B) *view.Model {
	b.Helper()
	const customers, machines = 10_000, 25
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	store, err := local.Open(b.TempDir(), local.Options{NoSync: true, Now: func() time.Time { return now }})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = store.Close() })
	var organizations []match.Organization
	var assets []backup.Asset
	slices := map[string]docsync.Slice{}
	for i := range customers {
		id, name := fmt.Sprintf("c%05d", i), fmt.Sprintf("Customer %05d of the North", i)
		c := state.Customer{ID: id, Name: name, Machines: map[string]int{"matched": machines}, Links: match.CustomerLinks{
			Organization: match.Link{State: match.Matched, TargetID: fmt.Sprint(i), TargetName: name, By: match.Auto, Reason: "same name"},
			Company:      match.Link{State: match.Suggested, Suggestions: []match.Suggestion{{TargetID: "1", TargetName: name, Score: .9, Reasons: []string{"same name"}}}},
		}}
		if _, err := state.Save(b.Context(), store, state.CustomerKey(id), c, state.Any, time.Time{}); err != nil {
			b.Fatal(err)
		}
		organizations = append(organizations, match.Organization{ID: fmt.Sprint(i), Name: name})
		for j := range machines {
			assets = append(assets, backup.Asset{Family: backup.FamilyAppliance, ID: fmt.Sprintf("%s-%d", id, j), CustomerID: id, Name: fmt.Sprintf("SRV%d", j), MAC: "00:11:22:33:44:55"})
		}
		slices[id] = docsync.NewSlice(docsync.SliceInput{Customer: backup.Customer{ID: id, Name: name}, Assets: assets[len(assets)-machines:]})
	}
	if _, err := state.SaveSlices(b.Context(), store, state.ITGlue, now, slices, true); err != nil {
		b.Fatal(err)
	}
	if _, err := state.SaveSnapshot(b.Context(), store, state.ListOrganizations, now, now, organizations, func(o match.Organization) string { return o.ID }); err != nil {
		b.Fatal(err)
	}
	if _, err := state.SaveSnapshot(b.Context(), store, state.ListAssets, now, now, assets, backup.Asset.Key); err != nil {
		b.Fatal(err)
	}
	return &view.Model{Table: store, Directory: review.NewDirectory(store), Now: func() time.Time { return now }}
}

// BenchmarkPages is what one page of each long list costs: cold with everything
// read anew, warm as the next pages are.
func BenchmarkPages(b *testing.B) {
	m := large(b)
	for name, page := range map[string]func() error{
		"customers": func() error { _, err := m.Customers(b.Context(), view.CustomerFilter{Query: "north"}); return err },
		"machines": func() error {
			_, err := m.Machines(b.Context(), "c00042", view.MachineFilter{})
			return err
		},
		"machine": func() error {
			_, err := m.Machine(b.Context(), "appliance:c07000-7")
			return err
		},
		"compare": func() error {
			_, err := m.Compare(b.Context(), "appliance:c07000-7")
			return err
		},
		"search": func() error {
			_, err := m.FindOrganizations(b.Context(), view.Search{Text: "custmer 0042", Limit: 20, All: true})
			return err
		},
	} {
		b.Run(name+" cold", func(b *testing.B) {
			for b.Loop() {
				m.Forget()
				m.Directory = review.NewDirectory(m.Table)
				if err := page(); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+" warm", func(b *testing.B) {
			for b.Loop() {
				if err := page(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

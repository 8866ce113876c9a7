package functions_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"uniview-bridge/pkg/alert"
	connectwise "uniview-bridge/pkg/connectwise/sandbox"
	"uniview-bridge/pkg/demo"
	itglue "uniview-bridge/pkg/itglue/sandbox"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
	uniview "uniview-bridge/pkg/uniview/sandbox"
)

// ticket is one of our tickets as it stands in ConnectWise.
type ticket struct {
	id        int
	reference alert.Reference
	xref      string
	closed    bool
	notes     []string
}

func ticketsIn(w *demo.World) []ticket {
	var out []ticket
	w.ConnectWise.View(func(st *connectwise.State) {
		for i := range st.Tickets {
			t := &st.Tickets[i]
			ref, ok := alert.ParseReference(t.ExternalXRef)
			if !ok {
				continue
			}
			x := ticket{id: t.ID, reference: ref, xref: t.ExternalXRef, closed: st.Closed(t)}
			for _, n := range t.Notes {
				x.notes = append(x.notes, n.Text)
			}
			out = append(out, x)
		}
	})
	return out
}

// oneTicketEach: at most one ticket per reference, and at most one open per group.
func oneTicketEach(t *testing.T, w *demo.World) {
	t.Helper()
	byReference, open := map[string][]int{}, map[string][]int{}
	for _, k := range ticketsIn(w) {
		byReference[k.xref] = append(byReference[k.xref], k.id)
		if group := k.reference.Customer + ":" + k.reference.Group; !k.closed {
			open[group] = append(open[group], k.id)
		}
	}
	for ref, ids := range byReference {
		if len(ids) > 1 {
			t.Errorf("tickets %v carry the one reference %s", ids, ref)
		}
	}
	for group, ids := range open {
		if len(ids) > 1 {
			t.Errorf("tickets %v are open for the one group %s", ids, group)
		}
	}
}

// shown is one of our flexible assets as it stands in IT Glue, found without help
// of the bridge's own records: by its tag and by a text that looks like our key.
type shown struct {
	id, organization int64
	key              string
	configurations   []int64
	archived         bool
	status           string
}

func shownIn(w *demo.World) []shown {
	var out []shown
	w.ITGlue.View(func(st *itglue.State) {
		for _, a := range st.FlexibleAssets {
			s := shown{id: a.ID, organization: a.OrganizationID, archived: a.Archived}
			for name, v := range a.Traits {
				switch v := v.(type) {
				case string:
					if strings.HasPrefix(v, "ub1-") {
						s.key = v
					}
					if name == "status" {
						s.status = v
					}
				case []int64:
					s.configurations = v
				}
			}
			if s.key != "" {
				out = append(out, s)
			}
		}
	})
	slices.SortFunc(out, func(a, b shown) int { return int(a.id - b.id) })
	return out
}

// oneAssetEach: one flexible asset per key and per configuration.
func oneAssetEach(t *testing.T, w *demo.World) {
	t.Helper()
	byKey, byConfiguration := map[string][]int64{}, map[int64][]int64{}
	for _, s := range shownIn(w) {
		byKey[s.key] = append(byKey[s.key], s.id)
		if len(s.configurations) != 1 && !s.archived {
			t.Errorf("flexible asset %d is tagged to %v, want one configuration", s.id, s.configurations)
		}
		for _, c := range s.configurations {
			byConfiguration[c] = append(byConfiguration[c], s.id)
		}
	}
	for key, ids := range byKey {
		if len(ids) > 1 {
			t.Errorf("flexible assets %v carry the one key %s", ids, key)
		}
	}
	for id, ids := range byConfiguration {
		if len(ids) > 1 {
			t.Errorf("flexible assets %v show the one configuration %d", ids, id)
		}
	}
}

// complaint is an undismissed, unmuted alert as it stands in UniView.
type complaint struct {
	customer, assetKey, appliance string
	alert.Alert
}

func complaintsIn(w *demo.World) []complaint {
	var out []complaint
	w.UniView.View(func(st *uniview.State) {
		for _, a := range st.Alerts {
			if a.Dismissed || a.Muted {
				continue
			}
			c := complaint{customer: a.CustomerID, appliance: a.AssetTag, Alert: alert.Alert{
				Type: alert.Type(a.Type), CustomerID: a.CustomerID, ApplianceID: a.AssetTag, Message: a.Message,
				Severity: alert.Severity(a.Severity), Created: a.Created, JobName: a.JobName, JobType: a.JobType,
			}}
			if a.AssetKey != "" {
				c.assetKey = "appliance:" + a.AssetKey
			}
			out = append(out, c)
		}
	})
	return out
}

// nothingLost: every linked machine is shown in IT Glue, and every undismissed,
// unmuted alert has an open ticket or a stated reason why not. It returns how the
// alerts fare.
func (r *rig) nothingLost(t *testing.T) map[string]int {
	t.Helper()
	ctx := t.Context()
	published := map[string]int{}
	for _, s := range shownIn(r.world) {
		for _, c := range s.configurations {
			if !s.archived {
				published[strconv.FormatInt(c, 10)]++
			}
		}
	}
	customers, err := state.Customers(ctx, r.table)
	if err != nil {
		t.Fatal(err)
	}
	docs, err := state.Documentations(ctx, r.table)
	if err != nil {
		t.Fatal(err)
	}
	for id, d := range docs {
		if _, ok := customers[id].Links.Organization.Linked(); !ok {
			continue
		}
		for key, m := range d.Machines {
			if target, ok := m.Link.Linked(); ok && m.Link.State == match.Matched && m.SupersededBy == "" && published[target] == 0 {
				t.Errorf("machine %s (%s) is linked to configuration %s, which shows nothing: %+v", key, m.Name, target, d.Publications[target])
			}
		}
	}
	desks, err := state.Desks(ctx, r.table)
	if err != nil {
		t.Fatal(err)
	}
	open := map[string]bool{}
	for _, k := range ticketsIn(r.world) {
		if !k.closed {
			open[k.xref] = true
		}
	}
	fates := map[string]int{}
	for _, c := range complaintsIn(r.world) {
		fates[fateOf(t, c, desks[c.customer], open)]++
	}
	return fates
}

// fateOf says what became of an alert, and fails when nobody can tell.
func fateOf(t *testing.T, c complaint, desk state.Desk, open map[string]bool) string {
	t.Helper()
	fingerprint := alert.Fingerprint(c.Alert)
	for _, key := range slices.Sorted(maps.Keys(desk.Conditions)) {
		k := desk.Conditions[key]
		if _, ok := k.Occurrences[fingerprint]; !ok {
			continue
		}
		g := desk.Groups[k.Group]
		switch {
		case k.State == alert.ConditionOver && k.Evidence != nil:
			return "over: " + k.Evidence.Why
		case k.State == alert.ConditionOpen && open[g.Reference]:
			return "ticket"
		case k.State == alert.ConditionOpen && g.HasTicket() && g.MergedInto > 0:
			return "merged ticket"
		case k.State == alert.ConditionOpen && !g.HasTicket() && g.Reason != "":
			return "held"
		}
		t.Errorf("alert %q of %s: condition %s, group %+v: neither an open ticket nor a reason", c.Message, c.customer, k.State, g)
		return "lost"
	}
	t.Errorf("alert %q of %s (%s) is in no condition", c.Message, c.customer, c.Created.Format(time.RFC3339))
	return "lost"
}

// writesIn tells the requests that were no reading, in all three vendors' logs.
func writesIn(w *demo.World) []string {
	var out []string
	for _, l := range w.UniView.Requests() {
		if l.Method != "GET" && l.Path != "/connect/token" {
			out = append(out, l.Method+" "+l.Path)
		}
	}
	for _, l := range w.ITGlue.Requests() {
		if l.Method != "GET" {
			out = append(out, l.Method+" "+l.Path)
		}
	}
	for _, l := range w.ConnectWise.Requests() {
		if l.Method != "GET" {
			out = append(out, fmt.Sprintf("%s %s", l.Method, l.Path))
		}
	}
	return out
}

func forgetRequests(w *demo.World) {
	w.UniView.ResetRequests()
	w.ITGlue.ResetRequests()
	w.ConnectWise.ResetRequests()
}

package account

import (
	"cmp"
	"context"
	"slices"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/uniview"
)

// herd is what can be asked together: the alerts of one type about one
// customer's appliance, and the machines it protects.
type herd struct {
	typ                 alert.Type
	customer, appliance string
}

// attribute finds the machines of alerts that do not tell them: an answer holds no
// asset, but the alerts of one asset can be asked for (uniview.md §8.5). What was
// learned before is taken from the last snapshot; each occurrence is asked about
// once. budget bounds the questions of one run (Settings.AttributionBudget): what
// is over it is asked about in the next. It returns how many were asked.
func (s *Service) attribute(ctx context.Context, budget int, alerts, before []alert.Alert, assets []backup.Asset) (asked int, err error) {
	learned := make(map[string]alert.Alert, len(before))
	for _, a := range before {
		learned[alert.Fingerprint(a)] = a
	}
	byCustomer := map[string][]backup.Asset{}
	for _, a := range assets {
		byCustomer[a.CustomerID] = append(byCustomer[a.CustomerID], a)
	}
	open := map[herd][]int{}
	for i := range alerts {
		a := &alerts[i]
		if was, ok := learned[alert.Fingerprint(*a)]; ok {
			a.AssetKey, a.Asked, a.AskedTo = was.AssetKey, was.Asked, was.AskedTo
		}
		if a.AssetKey != "" || a.Asked || a.ApplianceID == "" || a.Dismissed || !aboutMachine(*a) {
			continue
		}
		if key, _ := alert.Attribute(*a, byCustomer[a.CustomerID]); key == "" {
			h := herd{a.Type, a.CustomerID, a.ApplianceID}
			open[h] = append(open[h], i)
		}
	}
	if len(open) == 0 {
		return 0, nil
	}
	session, err := s.UniView(ctx)
	if err != nil {
		return 0, err
	}
	herds := make([]herd, 0, len(open))
	for h := range open {
		herds = append(herds, h)
	}
	slices.SortFunc(herds, func(a, b herd) int {
		return cmp.Or(cmp.Compare(a.customer, b.customer), cmp.Compare(a.appliance, b.appliance), cmp.Compare(a.typ, b.typ))
	})
	for _, h := range herds {
		if asked >= budget || soon(ctx, decideTime) {
			break
		}
		var machines []backup.Asset
		for _, m := range byCustomer[h.customer] {
			if m.ApplianceID == h.appliance {
				machines = append(machines, m)
			}
		}
		now := cohort(alerts, open[h])
		n, err := askHerd(ctx, session, h, machines, budget-asked, alerts, now)
		asked += n
		if dead(err) {
			return asked, err
		} else if err != nil {
			s.unanswered(ctx, err)
			for _, i := range now {
				alerts[i].Asked = true // not told
			}
		}
	}
	return asked, nil
}

// cohort are the alerts of a herd to ask about now. Where an earlier run got only
// so far with some, those come to their end first: whatever joins them every few
// minutes never keeps a large appliance from being asked to its last machine.
func cohort(alerts []alert.Alert, open []int) []int {
	furthest := ""
	for _, i := range open {
		furthest = max(furthest, alerts[i].AskedTo)
	}
	return slices.DeleteFunc(slices.Clone(open), func(i int) bool { return alerts[i].AskedTo != furthest })
}

// aboutMachine says whether an alert can be about one machine rather than about
// the appliance.
func aboutMachine(a alert.Alert) bool {
	switch alert.ClassOf(a) {
	case alert.ClassBackup, alert.ClassJob, alert.ClassReplication:
		return true
	}
	return false
}

// askHerd asks for the alerts of each machine, in order of their keys, until every
// open alert has one or limit questions are asked; then it notes how far it got.
func askHerd(ctx context.Context, session state.Session[*uniview.Client], h herd, machines []backup.Asset, limit int, alerts []alert.Alert, open []int) (asked int, err error) {
	waiting := map[string]int{}
	for _, i := range open {
		waiting[alert.Fingerprint(alerts[i])] = i
	}
	from := alerts[open[0]].AskedTo
	slices.SortFunc(machines, func(a, b backup.Asset) int { return cmp.Compare(a.Key(), b.Key()) })
	no := false
	for _, m := range machines {
		if m.Key() <= from {
			continue
		}
		if len(waiting) == 0 {
			break
		}
		if asked == limit {
			return asked, nil
		}
		asked++
		found, err := session.Client.ListAlerts(ctx, uniview.AlertQuery{
			Type: uniview.AlertType(h.typ), CustomerID: h.customer, AssetTag: h.appliance, AssetKey: m.ID, Dismissed: &no,
		})
		if err != nil {
			return asked, session.Fail(ctx, err)
		}
		for _, w := range found {
			fp := alert.Fingerprint(alertOf(w))
			if i, ok := waiting[fp]; ok {
				alerts[i].AssetKey, alerts[i].AskedTo = m.Key(), ""
				delete(waiting, fp)
			}
		}
		for _, i := range waiting {
			alerts[i].AskedTo = m.Key()
		}
	}
	for _, i := range open {
		alerts[i].Asked, alerts[i].AskedTo = true, ""
	}
	return asked, nil
}

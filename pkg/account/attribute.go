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

// attributionBudget bounds the questions about machines in one run.
const attributionBudget = 100

// herd is what can be asked together: the alerts of one type about one
// customer's appliance, and the machines it protects.
type herd struct {
	typ                 alert.Type
	customer, appliance string
}

// attribute finds the machines of alerts that do not tell them: an answer holds no
// asset, but the alerts of one asset can be asked for (uniview.md §8.5). What was
// learned before is taken from the last snapshot; each occurrence is asked about
// once. It returns how many questions were asked.
func (s *Service) attribute(ctx context.Context, alerts, before []alert.Alert, assets []backup.Asset) (asked int, err error) {
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
			a.AssetKey, a.Asked = was.AssetKey, was.Asked
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
		var machines []backup.Asset
		for _, m := range byCustomer[h.customer] {
			if m.ApplianceID == h.appliance {
				machines = append(machines, m)
			}
		}
		if asked+len(machines) > attributionBudget {
			if len(machines) > attributionBudget {
				for _, i := range open[h] {
					alerts[i].Asked = true // too many machines to ask: not told
				}
			}
			continue
		}
		if soon(ctx, decideTime) {
			break
		}
		n, err := askHerd(ctx, session, h, machines, alerts, open[h])
		asked += n
		if dead(err) {
			return asked, err
		} else if err != nil {
			s.unanswered(ctx, err)
			for _, i := range open[h] {
				alerts[i].Asked = true // not told
			}
		}
	}
	return asked, nil
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

// askHerd asks for the alerts of each machine until every open alert has one.
func askHerd(ctx context.Context, session state.Session[*uniview.Client], h herd, machines []backup.Asset, alerts []alert.Alert, open []int) (asked int, err error) {
	waiting := map[string]int{}
	for _, i := range open {
		waiting[alert.Fingerprint(alerts[i])] = i
	}
	no := false
	for _, m := range machines {
		if len(waiting) == 0 {
			break
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
				alerts[i].AssetKey = m.Key()
				delete(waiting, fp)
			}
		}
	}
	for _, i := range open {
		alerts[i].Asked = true
	}
	return asked, nil
}

package uniview

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
)

// An Attributor finds out which assets alerts are about. An alert does not say,
// but alerts can be filtered by asset (uniview.md §8.5): so it asks for the
// alerts of each asset of the alert's customer and appliance, assets named in the
// alert's texts first, and remembers what it learned. It is safe for concurrent
// use.
type Attributor struct {
	c    *Client
	most int

	mu    sync.Mutex
	known map[occurrence]*memory
}

// memory is what was learned about equal alerts.
type memory struct {
	keys  []string        // their assets
	asked map[string]bool // assets whose alerts were read since
	over  bool            // every asset was asked: whoever has no key has no asset
}

const maxKnown = 20_000

// occurrence is what makes two alerts the same one.
type occurrence struct {
	kind                                        AlertType
	customer, appliance, jobName, jobType, text string
	created                                     int64
}

func occurrenceOf(a Alert) occurrence {
	return occurrence{a.Type, a.CustomerID, a.AssetTag, a.JobName, a.JobType, a.Message, a.CreatedTime.UnixNano()}
}

// NewAttributor makes an attributor that sends at most maxQueries list requests
// (default 50) per call of Attribute.
func (c *Client) NewAttributor(maxQueries int) *Attributor {
	if maxQueries <= 0 {
		maxQueries = 50
	}
	return &Attributor{c: c, most: maxQueries, known: map[occurrence]*memory{}}
}

// Attribute gives, for each alert, the key of its asset, or "" when there is none
// (an appliance's own alert) or it is not known yet. left counts the alerts that
// were not looked up for lack of queries: call again later. With an error, keys
// holds what was learned before it.
func (a *Attributor) Attribute(ctx context.Context, alerts []Alert, assets []Asset) (keys []string, left int, err error) {
	keys = make([]string, len(alerts))
	open := a.recall(alerts, keys)
	type group struct {
		kind                AlertType
		customer, appliance string
	}
	groups := map[group][]occurrence{}
	for _, o := range open.order {
		g := group{o.kind, o.customer, o.appliance}
		groups[g] = append(groups[g], o)
	}
	queries := a.most // that may still be sent
	for _, o := range open.order {
		g := group{o.kind, o.customer, o.appliance}
		members, ok := groups[g]
		if !ok {
			continue // done with the first of the group
		}
		delete(groups, g)
		all := candidates(assets, members)
		for _, asset := range all {
			waiting := a.waiting(open, members, asset.Key)
			if len(waiting) == 0 {
				continue
			}
			if queries--; queries < 0 {
				return keys, open.left(), nil
			}
			rows, err := a.c.ListAlerts(ctx, AlertQuery{Type: g.kind, CustomerID: g.customer, AssetTag: g.appliance, AssetKey: asset.Key})
			if err != nil {
				return keys, open.left(), err
			}
			var found []occurrence
			for _, row := range rows {
				o := occurrenceOf(row)
				if a.has(o, asset.Key) {
					continue // learned by an earlier call
				}
				if i, ok := open.take(o); ok {
					keys[i] = asset.Key
					found = append(found, o)
				}
			}
			for _, o := range found {
				a.learn(o, func(m *memory) { m.keys = append(m.keys, asset.Key) })
			}
			for _, o := range waiting {
				a.learn(o, func(m *memory) { m.asked[asset.Key] = true })
			}
		}
		for _, o := range members {
			if len(all) > 0 {
				a.learn(o, func(m *memory) { m.over, m.asked = true, nil })
			}
			delete(open.at, o)
		}
	}
	return keys, open.left(), nil
}

// pending are the alerts still without an asset, equal ones together.
type pending struct {
	at    map[occurrence][]int
	order []occurrence
}

// waiting are the members that still lack an asset and have not asked this one.
func (a *Attributor) waiting(open *pending, members []occurrence, key string) []occurrence {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []occurrence
	for _, o := range members {
		if m := a.known[o]; len(open.at[o]) > 0 && (m == nil || !m.asked[key]) {
			out = append(out, o)
		}
	}
	return out
}

func (p *pending) take(o occurrence) (int, bool) {
	list := p.at[o]
	if len(list) == 0 {
		return 0, false
	}
	p.at[o] = list[1:]
	return list[0], true
}

func (p *pending) left() int {
	n := 0
	for _, list := range p.at {
		n += len(list)
	}
	return n
}

// recall fills in what is known and returns the rest.
func (a *Attributor) recall(alerts []Alert, keys []string) *pending {
	a.mu.Lock()
	defer a.mu.Unlock()
	open := &pending{at: map[occurrence][]int{}}
	used := map[occurrence]int{}
	for i, al := range alerts {
		if al.AssetKey != "" || al.AssetTag == "" {
			keys[i] = al.AssetKey
			continue
		}
		o := occurrenceOf(al)
		if m := a.known[o]; m != nil && (used[o] < len(m.keys) || m.over) {
			if used[o] < len(m.keys) {
				keys[i] = m.keys[used[o]]
			}
			used[o]++
			continue
		}
		if open.at[o] == nil {
			open.order = append(open.order, o)
		}
		open.at[o] = append(open.at[o], i)
	}
	return open
}

func (a *Attributor) has(o occurrence, key string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	m := a.known[o]
	return m != nil && slices.Contains(m.keys, key)
}

func (a *Attributor) learn(o occurrence, f func(*memory)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	m := a.known[o]
	if m == nil {
		if len(a.known) >= maxKnown {
			clear(a.known)
		}
		m = &memory{asked: map[string]bool{}}
		a.known[o] = m
	}
	if m.asked == nil {
		m.asked = map[string]bool{}
	}
	f(m)
}

// candidates are the assets of the group's customer and appliance: those that an
// alert names first, then by key.
func candidates(assets []Asset, members []occurrence) []Asset {
	var out []Asset
	named := map[string]int{}
	for _, as := range assets {
		if as.Key == "" || as.CustomerID != members[0].customer || as.AssetTag != members[0].appliance {
			continue
		}
		out = append(out, as)
		if as.Name != "" && slices.ContainsFunc(members, func(o occurrence) bool {
			return strings.Contains(o.text, as.Name) || strings.Contains(o.jobName, as.Name)
		}) {
			named[as.Key] = -1
		}
	}
	slices.SortFunc(out, func(x, y Asset) int {
		return cmp.Or(cmp.Compare(named[x.Key], named[y.Key]), cmp.Compare(x.Key, y.Key))
	})
	return out
}

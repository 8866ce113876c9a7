// Package scenes fills a table with invented states of the bridge, for tests and
// for looking at the pages: a fresh installation, a busy day, trouble everywhere,
// and names that try to be more than names. Production code never uses it.
package scenes

import (
	"context"
	"fmt"
	"strings"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/plan"
	"uniview-bridge/pkg/state"
)

// Names are all scenes.
var Names = []string{"empty", "busy", "trouble", "calm", "hostile"}

// Hostile are names that must stay names wherever they are shown.
var Hostile = []string{
	`<script>alert(1)</script>`,
	`"><img src=x onerror=alert(1)>`,
	`{{.}} ${7*7} javascript:alert(1)`,
	"\u202Egnp.exe \u2066right to left\u2069",
	`=HYPERLINK("http://example.invalid","x")`,
	`' OR 1=1 --`,
	strings.Repeat("W", 10<<10),
	"zero\u0000width\u200b",
}

// Seed fills the table with a scene as it is at now.
func Seed(ctx context.Context, t state.Table, scene string, now time.Time) error {
	s := seeder{ctx: ctx, t: t, now: now}
	switch scene {
	case "empty":
	case "busy":
		s.connections(state.ConnectionOK, state.ConnectionOK, state.ConnectionOK)
		s.modes(state.Preview, state.Preview)
		s.customers(212, nil)
		s.runs(true, false)
	case "trouble":
		s.connections(state.ConnectionOK, state.ConnectionError, state.ConnectionStopped)
		s.modes(state.Live, state.Preview)
		s.customers(64, nil)
		s.runs(false, true)
	case "calm":
		s.connections(state.ConnectionOK, state.ConnectionOK, state.ConnectionOK)
		s.modes(state.Live, state.Live)
		s.calm()
		s.runs(false, false)
	case "hostile":
		s.connections(state.ConnectionOK, state.ConnectionOK, state.ConnectionStopped)
		s.modes(state.Preview, state.Live)
		s.customers(len(Hostile), Hostile)
		s.runs(true, true)
	default:
		return fmt.Errorf("there is no scene %q: use %s", scene, strings.Join(Names, ", "))
	}
	return s.err
}

type seeder struct {
	ctx context.Context
	t   state.Table
	now time.Time
	err error
}

func (s *seeder) save(key state.Key, v any) {
	if s.err == nil {
		_, s.err = state.Save(s.ctx, s.t, key, v, state.Any, time.Time{})
	}
}

func (s *seeder) modes(documentation, ticketing state.Mode) {
	if s.err == nil {
		s.err = state.SaveModes(s.ctx, s.t, state.Modes{Documentation: documentation, Ticketing: ticketing})
	}
}

func (s *seeder) connections(uniview, itglue, connectwise state.ConnectionStatus) {
	words := map[state.ConnectionStatus][2]string{
		state.ConnectionOK:      {"Answers again", ""},
		state.ConnectionError:   {"The vendor fails at the moment (status 503)", "Nothing to do yet: the bridge tries again with every sync. If it lasts, look at the vendor's status page."},
		state.ConnectionStopped: {"The credentials were refused", "Check the API member and its keys in ConnectWise (System, Members, API Members), create a new key pair if needed and enter it here. Tickets and work are kept; syncing goes on by itself."},
	}
	for kind, status := range map[state.Vendor]state.ConnectionStatus{
		state.UniView: uniview, state.ITGlue: itglue, state.ConnectWise: connectwise,
	} {
		s.save(state.ConnectionKey(kind), state.Connection{
			Kind: kind, Version: "v1", Status: status, Reason: words[status][0], Fix: words[status][1], Since: s.now.Add(-95 * time.Minute), LastOK: s.now.Add(-95 * time.Minute),
		})
	}
}

func snapshot[T any](s *seeder, list string, records []T, id func(T) string) {
	if s.err == nil {
		_, s.err = state.SaveSnapshot(s.ctx, s.t, list, s.now.Add(-4*time.Minute), s.now.Add(-3*time.Minute), records, id)
	}
}

var firms = []string{
	"Northgate Dental", "Harbour Legal", "Pine Ridge Veterinary", "Castle & Sons", "Alder Street Surgery", "Blue Heron Logistics",
	"Marlow Engineering", "St Mary's School", "Quayside Hotels", "Fairview Accountants", "Copper Kettle Foods", "Ashdown Housing",
}

var firmForms = []string{"Ltd", "LLC", "Group", "Partners", "Inc", "& Co"}

func (s *seeder) customers(n int, names []string) {
	var customers []backup.Customer
	var organizations []match.Organization
	var companies []match.Company
	var configurations []match.Configuration
	var assets []backup.Asset
	for i := range n {
		name := fmt.Sprintf("%s %s", firms[i%len(firms)], firmForms[(i/len(firms))%len(firmForms)])
		if i >= len(firms)*len(firmForms) {
			name += fmt.Sprintf(" %d", i)
		}
		if i < len(names) {
			name = names[i]
		}
		id := fmt.Sprintf("c-%04d", i)
		org, company := fmt.Sprintf("%d", 1000+i), fmt.Sprintf("%d", 300+i)
		customers = append(customers, backup.Customer{ID: id, Name: name})
		organizations = append(organizations, match.Organization{ID: org, Name: name, CompanyID: company})
		companies = append(companies, match.Company{ID: company, Identifier: fmt.Sprintf("CW%d", i), Name: name})
		links := match.CustomerLinks{Organization: s.link(i, org, name), Company: s.link(i+3, company, name)}
		doc := state.Documentation{Machines: map[string]state.Machine{}}
		if o, ok := links.Organization.Linked(); ok {
			doc.Organization = o
		}
		c := state.Customer{
			ID: id, Name: name, Links: links, Machines: map[string]int{}, Statuses: map[string]int{}, AsOf: s.now.Add(-4 * time.Minute),
		}
		for j := range 4 + i%9 {
			a, m, conf := s.machine(i, j, id, org, name)
			assets, configurations = append(assets, a), append(configurations, conf)
			doc.Machines[a.Key()] = m
			c.Machines[string(m.Link.State)]++
			c.Statuses[string(m.Word)]++
		}
		desk := s.desk(i, id, name, assets[len(assets)-1])
		c.Alerts = map[string]int{}
		for _, g := range desk.Groups {
			c.Alerts["open"]++
			if g.HasTicket() {
				c.OpenTickets++
				c.Alerts["ticketed"]++
			} else {
				c.Alerts["held"]++
			}
		}
		s.save(state.CustomerKey(id), c)
		s.save(state.DocumentationKey(id), doc)
		s.save(state.DeskKey(id), desk)
	}
	snapshot(s, state.ListCustomers, customers, func(c backup.Customer) string { return c.ID })
	snapshot(s, state.ListOrganizations, organizations, func(o match.Organization) string { return o.ID })
	snapshot(s, state.ListCompanies, companies, func(c match.Company) string { return c.ID })
	snapshot(s, state.ListConfigurations, configurations, func(c match.Configuration) string { return c.ID })
	snapshot(s, state.ListAssets, assets, backup.Asset.Key)
	snapshot(s, state.ListEndpoints, []backup.Asset{}, backup.Asset.Key)
	snapshot(s, state.ListAlerts, []alert.Alert{}, alert.Fingerprint)
	snapshot(s, state.ListTickets, []alert.Ticket{}, func(t alert.Ticket) string { return t.Reference })
}

// link spreads the link states over the customers.
func (s *seeder) link(i int, target, name string) match.Link {
	at := s.now.Add(-72 * time.Hour)
	suggestion := match.Suggestion{TargetID: target, TargetName: name, Score: 0.87, Reasons: []string{"names differ by a legal form only"}}
	switch i % 11 {
	case 7:
		return match.Link{State: match.Suggested, Reason: "one candidate is close", By: match.Auto, At: at, Suggestions: []match.Suggestion{suggestion}}
	case 8:
		return match.Link{State: match.Unmatched, Reason: "no name comes near", By: match.Auto, At: at}
	case 9:
		if i%2 == 0 {
			return match.Link{State: match.Ignored, Reason: "not a customer of ours any more", By: "local console", At: at}
		}
		other := suggestion
		other.TargetID, other.TargetName = target+"9", name+" (old)"
		return match.Link{
			State: match.Attention, Cause: match.Ambiguous, Reason: "two organizations have equal right", By: match.Auto, At: at,
			Suggestions: []match.Suggestion{suggestion, other},
		}
	default:
		return match.Link{State: match.Matched, TargetID: target, TargetName: name, Reason: "the normalised name is unique on both sides", By: match.Auto, At: at}
	}
}

func (s *seeder) machine(i, j int, customer, org, owner string) (backup.Asset, state.Machine, match.Configuration) {
	a := backup.Asset{
		Family: backup.FamilyAppliance, ID: fmt.Sprintf("a-%04d-%02d", i, j), CustomerID: customer,
		Name: fmt.Sprintf("SRV-%s-%02d", strings.ToUpper(firstLetters(owner)), j), MAC: fmt.Sprintf("00:15:5d:%02x:%02x:%02x", i%256, j, (i+j)%256),
	}
	words := []backup.Word{
		backup.WordSuccess, backup.WordSuccess, backup.WordSuccess, backup.WordWarning, backup.WordSuccess, backup.WordFailed,
		backup.WordSuccess, backup.WordOverdue, backup.WordSuccess, backup.WordSuccess, backup.WordBackupOff, backup.WordSuccess, backup.WordNoneSeen,
	}
	conf := match.Configuration{ID: fmt.Sprintf("7%04d%02d", i, j), OrganizationID: org, Name: a.Name, Hostname: a.Name, MAC: a.MAC}
	m := state.Machine{
		Name: a.Name, Word: words[(i*3+j)%len(words)], Reason: "by the last backup", Since: s.now.Add(-30 * time.Hour),
		Known: backup.Known{LastGood: s.now.Add(-9 * time.Hour), LastEnd: s.now.Add(-9 * time.Hour)},
		Link:  match.Link{State: match.Matched, TargetID: conf.ID, TargetName: conf.Name, Reason: "MAC address equal and unique on both sides", By: match.Auto},
	}
	switch (i + j) % 13 {
	case 4:
		m.Link = match.Link{State: match.Suggested, Reason: "same name, no MAC address", By: match.Auto, Suggestions: []match.Suggestion{{TargetID: conf.ID, TargetName: conf.Name, Score: .7, Reasons: []string{"name equal"}}}}
	case 8:
		m.Link = match.Link{State: match.Unmatched, Reason: "no configuration has its address", By: match.Auto}
	case 12:
		m.Link = match.Link{State: match.Attention, Cause: match.Ambiguous, Reason: "two configurations have its address", By: match.Auto}
	}
	return a, m, conf
}

// firstLetters makes a short machine prefix of a firm's name.
func firstLetters(name string) string {
	var b strings.Builder
	for w := range strings.FieldsSeq(name) {
		if r := []rune(w)[0]; b.Len() < 4 {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func (s *seeder) desk(i int, id, name string, a backup.Asset) state.Desk {
	if i%3 != 0 {
		return state.Desk{AsOf: s.now.Add(-4 * time.Minute)}
	}
	key := id + "/machine/" + a.Key()
	g := alert.Group{
		Key: key, Name: a.Name, Generation: 1, State: alert.GroupOpen, TicketID: 48000 + i, Reason: "the ticket tells all there is",
		Severity: alert.SeverityCritical, OpenedAt: s.now.Add(-time.Duration(i+1) * time.Hour), Reference: alert.NewReference("demo", id, key, 1).String(),
	}
	if i%6 == 3 {
		g.State, g.TicketID, g.Planned, g.Reason, g.OpenedAt = alert.GroupWaiting, 0, alert.Open, "1 trouble without a ticket", time.Time{}
	}
	return state.Desk{
		AsOf: s.now.Add(-4 * time.Minute), Groups: map[string]alert.Group{key: g},
		Conditions: map[string]alert.Condition{"v1/" + key: {
			Key: "v1/" + key, Group: key, Class: alert.ClassBackup, Type: alert.TypeJob, AssetKey: a.Key(), AssetName: a.Name,
			Message: "Backup of " + a.Name + " of " + name + " failed", Severity: alert.SeverityCritical, State: alert.ConditionOpen,
			First: s.now.Add(-time.Duration(i+1) * time.Hour), Last: s.now.Add(-time.Hour), Count: 3,
		}},
	}
}

// calm is a small account with nothing to do.
func (s *seeder) calm() {
	link := match.Link{State: match.Matched, TargetID: "1", TargetName: "Northgate Dental", By: match.Auto, Reason: "the normalised name is unique on both sides"}
	s.save(state.CustomerKey("c-1"), state.Customer{
		ID: "c-1", Name: "Northgate Dental", Links: match.CustomerLinks{Organization: link, Company: link},
		Machines: map[string]int{"matched": 6}, Statuses: map[string]int{"success": 6}, AsOf: s.now,
	})
	snapshot(s, state.ListCustomers, []backup.Customer{{ID: "c-1", Name: "Northgate Dental"}}, func(c backup.Customer) string { return c.ID })
	snapshot(s, state.ListAssets, []backup.Asset{}, backup.Asset.Key)
	snapshot(s, state.ListAlerts, []alert.Alert{}, alert.Fingerprint)
}

func (s *seeder) runs(working, braked bool) {
	old := func(age time.Duration, n string, scope state.Scope, st state.RunState, reason string) state.Run {
		at := s.now.Add(-age)
		return state.Run{
			ID: state.NewRunID(at, n), Scope: scope, By: "schedule", State: st, Reason: reason, Created: at, Started: at.Add(time.Second), Ended: at.Add(47 * time.Second),
			Stages: []state.Stage{{Name: state.ListAssets, Read: 1480, Changed: 1, At: at}, {Name: state.ListConfigurations, Read: 1960, Skipped: 1, At: at}},
			Digest: "0123456789abcdef", Counts: []plan.Count{{Kind: plan.FlexibleAsset, Action: plan.Update, N: 14}},
		}
	}
	preview := old(9*time.Minute, "cc", state.ScopeAlerts, state.Succeeded, "all customers are up to date")
	preview.Preview, preview.Counts = []state.Vendor{state.ConnectWise}, []plan.Count{{Kind: plan.Ticket, Action: plan.Create, N: 41}, {Kind: plan.Ticket, Action: plan.Note, N: 3}}
	runs := []state.Run{
		old(6*time.Hour, "aa", state.ScopeDocumentation, state.Succeeded, "all customers are up to date"),
		old(2*time.Hour, "bb", state.ScopeDocumentation, state.Partial, "2 of 31 customers stay due, 2 changes failed: see the reasons per customer"),
		preview,
	}
	if braked {
		r := old(5*time.Minute, "dd", state.ScopeDocumentation, state.Stopped, "would create 412 flexible assets, the limit is 20")
		r.Excess = []plan.Excess{{Kind: plan.FlexibleAsset, Action: plan.Create, N: 412, Limit: 20}}
		r.Counts = []plan.Count{{Kind: plan.FlexibleAsset, Action: plan.Create, N: 412}}
		runs = append(runs, r)
	}
	if working {
		r := old(40*time.Second, "ee", state.ScopeAll, state.Working, "")
		r.By, r.Ended, r.Messages = "local console", time.Time{}, 60
		runs = append(runs, r)
	}
	for _, r := range runs {
		if s.err == nil {
			_, s.err = state.SaveRun(s.ctx, s.t, r, state.Any)
		}
	}
	if !working {
		return
	}
	run := runs[len(runs)-1].ID
	for i := range 37 {
		result := state.Result{Changed: map[string]int{"create flexible asset": 3}, Done: true}
		if i == 5 {
			result = state.Result{Failed: 1, Reasons: []string{"SRV-ND-02: IT Glue refused the write: name is too long"}}
		}
		if s.err == nil {
			s.err = state.ReportWork(s.ctx, s.t, state.Work{Version: state.MessageVersion, Run: run, Customer: fmt.Sprintf("c-%04d", i), Index: i}, result, s.now)
		}
	}
}

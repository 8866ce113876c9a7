package docsync_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/docsync"
	"uniview-bridge/pkg/itglue"
	"uniview-bridge/pkg/itglue/sandbox"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/plan"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/vendorhttp"
)

const apiKey = "ITG.0123456789abcdef.secret"

// world is one customer with its organization in the IT Glue sandbox.
type world struct {
	t       *testing.T
	now     time.Time
	table   *memory
	glue    *sandbox.Server
	client  *itglue.Client
	service *docsync.Service
	slice   docsync.SliceInput
	tickets map[string]string
	stopped bool
	org     [2]string
	confs   []string // configuration ids of the first organization
	runs    int
	only    string // the machine that the next runs are for; empty: all
}

const customer = "cust-1"

// newWorld makes n machines, each with its configuration, matched and live.
func newWorld(t *testing.T, n int) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC), table: newMemory(), tickets: map[string]string{}}
	now := func() time.Time { return w.now }
	sleep := func(context.Context, time.Duration) error { return nil }
	w.glue = sandbox.New(sandbox.Options{APIKey: apiKey, Now: now, Sleep: sleep, NoLimit: true})
	client, err := itglue.New(itglue.Config{Region: "us", APIKey: apiKey, HTTP: vendorhttp.Options{
		HTTP: &http.Client{Transport: w.glue.Transport()}, Now: now, Sleep: sleep, Retries: -1,
		Limit: vendorhttp.NewLimiter(vendorhttp.LimiterOptions{PerWindow: 5000, Window: time.Second, Burst: 1000, Share: 1, Now: now, Sleep: sleep}),
	}})
	if err != nil {
		t.Fatal(err)
	}
	w.client = client
	w.service = &docsync.Service{
		Table: w.table, Now: now, Log: slog.New(slog.DiscardHandler), Installation: "test", Sleep: sleep,
		Open: func(context.Context) (state.Session[docsync.ITGlue], error) {
			if w.stopped {
				return state.Session[docsync.ITGlue]{}, fmt.Errorf("IT Glue is stopped: %w", state.ErrStopped)
			}
			return state.Session[docsync.ITGlue]{Client: client, Fail: func(_ context.Context, err error) error { return err }}, nil
		},
		Tickets: func(context.Context, string) (map[string]string, error) { return w.tickets, nil },
	}
	w.slice = docsync.SliceInput{Customer: backup.Customer{ID: customer, Name: "Acme"}, Installation: "test"}
	w.glue.Edit(func(s *sandbox.State) {
		typ := s.AddConfigurationType(sandbox.Named{Name: "Server"})
		for i := range w.org {
			o := s.AddOrganization(sandbox.Organization{Name: "Acme " + strconv.Itoa(i)})
			w.org[i] = strconv.FormatInt(o.ID, 10)
			for m := range n {
				c := s.AddConfiguration(sandbox.Configuration{OrganizationID: o.ID, Name: host(m), MAC: mac(m), TypeID: typ.ID, PSAIntegration: "enabled"})
				if i == 0 {
					w.confs = append(w.confs, strconv.FormatInt(c.ID, 10))
				}
			}
		}
	})
	for m := range n {
		w.slice.Assets = append(w.slice.Assets, backup.Asset{
			Family: backup.FamilyAppliance, ID: fmt.Sprintf("a%03d", m), CustomerID: customer, Name: host(m), MAC: mac(m), ApplianceID: "box",
			PortalURL: "https://portal.example/asset/" + strconv.Itoa(m),
			Last:      &backup.Backup{Start: w.now.Add(-2 * time.Hour), Complete: w.now.Add(-time.Hour), SizeMB: 8060, Type: "Full", Result: backup.Successful},
		})
	}
	w.slice.Appliances = []backup.Appliance{{ID: "box", CustomerID: customer, Name: "BDR <1>", Online: true}}
	w.matchTo(0)
	w.must(state.SaveModes(t.Context(), w.table, state.Modes{Documentation: state.Live, Ticketing: state.Live}))
	return w
}

func host(m int) string { return fmt.Sprintf("SRV%03d", m) }

func mac(m int) string { return fmt.Sprintf("00:1A:2B:00:%02X:%02X", m/256, m%256) }

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// matchTo links the customer to one of the organizations, by a person.
func (w *world) matchTo(i int) {
	w.link(match.Link{State: match.Matched, TargetID: w.org[i], TargetName: "Acme", By: "anna", At: w.now})
	w.slice.Organization = w.org[i]
}

func (w *world) link(l match.Link) {
	_, err := state.Update(w.t.Context(), w.table, state.CustomerKey(customer), func(c *state.Customer) error {
		c.ID, c.Name = customer, "Acme"
		c.Links.Organization = l
		c.Decisions++
		return nil
	})
	w.must(err)
}

// prepareSlice reads what IT Glue has and stores the customer's slice, as the account does.
func (w *world) prepareSlice() {
	w.t.Helper()
	ctx := w.t.Context()
	in := w.slice
	in.Configurations = nil
	scope := slices.DeleteFunc(append([]string{in.Organization}, in.Below...), func(id string) bool { return id == "" })
	for _, organization := range scope {
		found, err := w.client.ListConfigurations(ctx, itglue.ConfigurationQuery{OrganizationID: organization})
		w.must(err)
		for _, c := range found {
			in.Configurations = append(in.Configurations, match.Configuration{ID: c.ID, OrganizationID: c.OrganizationID, Name: c.Name, MAC: c.MAC, Archived: c.Archived, PSASynced: c.Synced()})
		}
	}
	doc, err := state.LoadDocumentation(ctx, w.table, customer)
	w.must(err)
	typ, _, err := docsync.LoadType(ctx, w.table)
	w.must(err)
	for _, organization := range scope {
		if typ.ID == "" {
			break
		}
		found, err := w.client.ListFlexibleAssets(ctx, itglue.FlexibleAssetQuery{TypeID: typ.ID, OrganizationID: organization})
		w.must(err)
		for _, f := range found {
			in.Published = append(in.Published, docsync.PublishedOf(f, typ))
		}
		in.PublishedFrom = w.now
	}
	in.Documentation = doc
	_, err = state.SaveSlices(ctx, w.table, state.ITGlue, w.now, map[string]docsync.Slice{customer: docsync.NewSlice(in)}, true)
	w.must(err)
	w.glue.ResetRequests()
}

// newRun stores a run of one message.
func (w *world) newRun() string {
	w.t.Helper()
	w.runs++
	run := state.Run{ID: fmt.Sprintf("run-%04d", w.runs), State: state.Working, Created: w.now, Messages: 1}
	if w.only != "" {
		run.Scope, run.Target = state.ScopeAsset, w.only
	}
	_, err := state.SaveRun(w.t.Context(), w.table, run, state.New)
	w.must(err)
	return run.ID
}

// sync makes the slice and handles one message of a new run.
func (w *world) sync() (state.Result, error) {
	w.t.Helper()
	w.prepareSlice()
	return w.handle()
}

// handle works on one message with the slice as it is.
func (w *world) handle() (state.Result, error) {
	w.t.Helper()
	ctx := w.t.Context()
	run := w.newRun()
	w.glue.ResetRequests()
	if err := w.service.Handle(ctx, state.Work{Version: 1, Run: run, Customer: customer}); err != nil {
		return state.Result{}, err
	}
	p, err := state.LoadProgress(ctx, w.table, run)
	w.must(err)
	r := state.Result{Changed: p.Changed, Failed: p.Failed, Skipped: p.Skipped, Done: p.Open == 0 && p.Reported == 1}
	for _, e := range p.Entries {
		r.Reasons = append(r.Reasons, e.Reasons...)
	}
	return r, nil
}

// mustSync is sync that must not fail.
func (w *world) mustSync() state.Result {
	w.t.Helper()
	r, err := w.sync()
	w.must(err)
	return r
}

// shown is one flexible asset of ours, by field name.
type shown struct {
	id, organization string
	archived         bool
	fields           map[string]string
	traits           map[string]any
}

// published returns our flexible assets as IT Glue has them.
func (w *world) published() []shown {
	w.t.Helper()
	var out []shown
	w.glue.View(func(s *sandbox.State) {
		names := map[int64]map[string]string{}
		for _, t := range s.FlexibleAssetTypes {
			if t.Name == docsync.TypeName {
				names[t.ID] = map[string]string{}
				for _, f := range t.Fields {
					names[t.ID][f.NameKey] = f.Name
				}
			}
		}
		for _, a := range s.FlexibleAssets {
			if names[a.TypeID] == nil {
				continue
			}
			p := shown{id: strconv.FormatInt(a.ID, 10), organization: strconv.FormatInt(a.OrganizationID, 10), archived: a.Archived, fields: map[string]string{}, traits: a.Traits}
			for k, v := range a.Traits {
				p.fields[names[a.TypeID][k]] = fmt.Sprint(v)
			}
			out = append(out, p)
		}
	})
	slices.SortFunc(out, func(a, b shown) int { return strings.Compare(a.id, b.id) })
	return out
}

// live are those not archived.
func (w *world) live() []shown {
	return slices.DeleteFunc(w.published(), func(s shown) bool { return s.archived })
}

// plan is what the account would plan for the customer now, by kind, action and title.
func (w *world) plan() []plan.Change {
	w.t.Helper()
	ctx := w.t.Context()
	slice, meta, err := state.LoadSlice[docsync.Slice](ctx, w.table, state.ITGlue, customer)
	w.must(err)
	c, _, err := state.Load[state.Customer](ctx, w.table, state.CustomerKey(customer))
	w.must(err)
	doc, err := state.LoadDocumentation(ctx, w.table, customer)
	w.must(err)
	settings, err := docsync.LoadSettings(ctx, w.table)
	w.must(err)
	return docsync.Decide(docsync.Input{
		Slice: slice, Meta: meta, Customer: c, Documentation: doc, Settings: settings, Tickets: w.tickets, Only: w.only, Installation: "test", Now: w.now,
	}).Changes
}

// set changes the account's settings.
func (w *world) set(change func(*docsync.Settings)) {
	w.t.Helper()
	s, err := docsync.LoadSettings(w.t.Context(), w.table)
	w.must(err)
	change(&s)
	w.must(docsync.SaveSettings(w.t.Context(), w.table, s))
}

func (w *world) vendorWrites() int {
	n := 0
	for _, r := range w.glue.Requests() {
		if r.Method != "GET" {
			n++
		}
	}
	return n
}

// once checks the invariant: no key is on two flexible assets.
func (w *world) once() {
	w.t.Helper()
	keys := map[string]string{}
	for _, p := range w.published() {
		key := p.fields[docsync.FieldKey]
		if other, twice := keys[key]; twice {
			w.t.Fatalf("the key %s is on the flexible assets %s and %s", key, other, p.id)
		}
		keys[key] = p.id
	}
}

package account

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/docsync"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/ticketing"
)

// writers is how many records are written side by side.
const writers = 16

// side is one vendor's half of a run, decided as far as the account can.
type side struct {
	vendor  state.Vendor
	asOf    time.Time
	digests map[string]string // slice digests by customer
	docs    map[string]docsync.Slice
	tickets map[string]ticketing.Slice
	lists   *lists
	whole   bool // slices of all customers
	// modes are the account's, recorded what was last completed by customer: read
	// once, before anything is planned.
	modes    state.Modes
	recorded map[string]state.Due
	// followUp: the slices are those of an earlier run; only what became due by
	// the clock, by news or by a failure is looked at.
	followUp bool
	// target is the one machine that a person asked to be synced now.
	target string
	// kept is of how many customers decisions were kept.
	kept int
}

// decide links customers and slices the account for the sides of the run's scope.
func (s *Service) decide(ctx context.Context, run *state.Run) ([]side, error) {
	l, err := s.load(ctx)
	if err != nil {
		return nil, err
	}
	if _, ok := l.from[state.ListCustomers]; !ok {
		return nil, errors.New("UniView's customers have not been read yet: check the UniView connection")
	}
	l.addGone()
	only := ""
	switch run.Scope {
	case state.ScopeCustomer:
		only = run.Target
	case state.ScopeAsset:
		if only, err = s.ownerOf(ctx, run.Target); err != nil {
			return nil, err
		}
	}
	if slices.Contains(run.Scope.Sides(), state.ITGlue) {
		if err := s.lookUp(ctx, run, l, only); err != nil {
			return nil, err
		}
	}
	index := l.settings.MACs.NewIndex(l.all, l.devices, l.organizations)
	links := s.links(l, index)
	if err := s.saveLinks(ctx, l, links); err != nil {
		return nil, err
	}
	var sides []side
	for _, v := range run.Scope.Sides() {
		sd, err := s.slice(ctx, run, l, index, v, only)
		if errors.Is(err, errNotRead) {
			run.Stages = append(run.Stages, state.Stage{Name: "decide " + string(v), Failed: 1, Detail: err.Error(), At: s.Now().UTC()})
			continue
		}
		if err != nil {
			return nil, err
		}
		sides = append(sides, sd)
	}
	if run.Scope == state.ScopeAlerts {
		// Documentation that waits for a clock, a ticket's number or a vendor that
		// failed does not wait for the next hour.
		sd, err := s.followUp(ctx, l)
		if err != nil {
			return nil, err
		}
		if len(sd.digests) > 0 {
			sides = append(sides, sd)
		}
	}
	stage := state.Stage{Name: "decide", Read: len(l.customers), At: s.Now().UTC()}
	run.Customers = map[string]int{}
	for _, c := range l.customers {
		link := l.records[c.ID].Links.Organization
		run.Customers[string(link.State)]++
		if link.State == match.Matched {
			stage.Matched++
		}
	}
	run.Stages = append(run.Stages, stage)
	return sides, nil
}

func (s *Service) links(l *lists, index *match.MACIndex) map[string]match.CustomerLinks {
	previous := make(map[string]match.CustomerLinks, len(l.records))
	found := make(map[string]map[string]int, len(l.customers))
	machines := make(map[string]int, len(l.customers))
	for id, r := range l.records {
		previous[id] = r.Links
	}
	for _, c := range l.customers {
		found[c.ID] = index.Found(l.assets[c.ID])
		machines[c.ID] = len(l.assets[c.ID])
	}
	return match.Customers(match.CustomersInput{
		Customers: l.customers, Organizations: l.organizations, Companies: l.companies,
		Previous: previous, Found: found, Machines: machines, Aliases: aliases(l.records), Now: s.Now().UTC(), ReadFrom: l.from[state.ListOrganizations],
	})
}

// aliases are the spellings that people accepted: the names, earlier ones too, of
// customers with a link that a person decided. Customers that went away count too: a
// customer that comes back under a new id is known by its name.
func aliases(records map[string]state.Customer) []match.Alias {
	var out []match.Alias
	for _, id := range slices.Sorted(maps.Keys(records)) {
		r := records[id]
		var a match.Alias
		if l := r.Links.Organization; l.Decided() {
			a.OrganizationID, _ = l.Linked()
		}
		if l := r.Links.Company; l.Decided() {
			a.CompanyID, _ = l.Linked()
		}
		if a == (match.Alias{}) {
			continue
		}
		for _, name := range append([]string{r.Name}, r.FormerNames...) {
			a.Spelling = name
			out = append(out, a)
		}
	}
	return out
}

// saveLinks writes the records of customers whose name or links changed. A
// person's decision made meanwhile stands.
func (s *Service) saveLinks(ctx context.Context, l *lists, links map[string]match.CustomerLinks) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(writers)
	next := make([]state.Customer, len(l.customers))
	for i, c := range l.customers {
		was, known := l.records[c.ID]
		now := was
		now.ID, now.Links, now.GoneSince = c.ID, links[c.ID], l.goneSince(c.ID)
		now.Rename(c.Name)
		next[i] = now
		if known && state.Digest(was) == state.Digest(now) {
			continue
		}
		g.Go(func() error {
			saved, err := state.Update(gctx, l.batch, state.CustomerKey(c.ID), func(r *state.Customer) error {
				if r.Decisions != was.Decisions {
					return state.Unchanged()
				}
				r.ID, r.Links, r.GoneSince = c.ID, links[c.ID], now.GoneSince
				r.Rename(c.Name)
				return nil
			})
			next[i] = saved
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return fmt.Errorf("links of customers: %w", err)
	}
	for _, r := range next {
		l.records[r.ID] = r
	}
	return l.batch.Flush(ctx)
}

// slice makes the slices of one side: of all customers, or of one. They count
// once they are published.
func (s *Service) slice(ctx context.Context, run *state.Run, l *lists, index *match.MACIndex, v state.Vendor, only string) (side, error) {
	sd := side{vendor: v, lists: l, whole: only == "", digests: map[string]string{}}
	evidence, others := []string{state.ListAssets, state.ListEndpoints}, []string{state.ListOrganizations, state.ListConfigurations, state.ListPublished}
	if v == state.ConnectWise {
		evidence, others = []string{state.ListAlerts}, []string{state.ListAssets, state.ListEndpoints, state.ListCompanies, state.ListTickets}
	}
	if _, err := l.oldest(others...); err != nil {
		return sd, err
	}
	var err error
	if sd.asOf, err = s.asOf(ctx, run, l, v, evidence); err != nil {
		return sd, err
	}
	if v == state.ITGlue {
		if run.Scope == state.ScopeAsset {
			sd.target = run.Target
		}
		sd.docs = map[string]docsync.Slice{}
		for _, c := range l.customers {
			if only == "" || c.ID == only {
				sd.docs[c.ID] = s.docSlice(l, index, c)
				sd.digests[c.ID] = state.SliceDigest(sd.docs[c.ID])
			}
		}
		return sd, nil
	}
	tickets := map[string][]alert.Ticket{}
	for _, t := range l.tickets {
		if r, ok := alert.ParseReference(t.Reference); ok {
			tickets[r.Customer] = append(tickets[r.Customer], t)
		}
	}
	sd.tickets = map[string]ticketing.Slice{}
	raising, err := state.LoadTicketSettings(ctx, s.Table)
	if err != nil {
		return sd, err
	}
	for _, c := range l.customers {
		if only == "" || c.ID == only {
			own := ticketing.OfCustomer(tickets[alert.CustomerHash(c.ID)], s.Installation, c.ID)
			sd.tickets[c.ID] = ticketing.NewSlice(c, l.records[c.ID].Links.Company, l.alerts[c.ID], l.assets[c.ID], l.appliances[c.ID], own, devicesOf(l, c.ID), overdueOf(l, c.ID, raising))
			sd.digests[c.ID] = state.SliceDigest(sd.tickets[c.ID])
		}
	}
	return sd, nil
}

// asOf dates the slices of a side by the lists whose absences count. It moves only
// with a run that read all of them: two dates are then two reads of each.
func (s *Service) asOf(ctx context.Context, run *state.Run, l *lists, v state.Vendor, evidence []string) (time.Time, error) {
	oldest, err := l.oldest(evidence...)
	if err != nil {
		return oldest, err
	}
	for _, name := range evidence {
		if st := stageOf(run, name); st.Name != "" && st.Failed == 0 {
			continue
		}
		before, err := state.SlicesAsOf(ctx, s.Table, v)
		if errors.Is(err, state.ErrNotFound) {
			return oldest, nil
		}
		return before, err
	}
	return oldest, nil
}

// followUp looks again at the documentation of customers whose slices are those of
// an earlier run, unless such a run is still being worked on.
func (s *Service) followUp(ctx context.Context, l *lists) (side, error) {
	sd := side{vendor: state.ITGlue, lists: l, followUp: true}
	runs, err := state.Runs(ctx, s.Table, "", 30)
	if err != nil {
		return sd, err
	}
	for _, r := range runs {
		if r.State == state.Working && slices.Contains(r.Scope.Sides(), state.ITGlue) && s.Now().Sub(r.Created) < time.Hour {
			return sd, nil
		}
	}
	if sd.digests, err = state.SliceDigests(ctx, s.Table, state.ITGlue); err != nil {
		return sd, err
	}
	if len(sd.digests) > 0 {
		sd.asOf, err = state.SlicesAsOf(ctx, s.Table, state.ITGlue)
	}
	return sd, err
}

func (s *Service) docSlice(l *lists, index *match.MACIndex, c backup.Customer) docsync.Slice {
	organization, _ := l.records[c.ID].Links.Organization.Linked()
	scope := index.Scope(organization, l.ofOthers(c.ID))
	var configurations []match.Configuration
	var published []docsync.Published
	for _, id := range scope {
		configurations, published = append(configurations, l.configurations[id]...), append(published, l.published[id]...)
	}
	history := map[string]backup.History{}
	for _, a := range l.assets[c.ID] {
		if h, ok := l.history[a.Key()]; ok {
			history[a.Key()] = h
		}
	}
	return docsync.NewSlice(docsync.SliceInput{
		Customer: c, Organization: organization, Below: scope[min(1, len(scope)):], Assets: l.assets[c.ID], Appliances: l.appliances[c.ID],
		Configurations: configurations, ConfigurationsFrom: l.from[state.ListConfigurations], Facts: index.Facts(l.assets[c.ID], scope...),
		Published: published, PublishedFrom: l.from[state.ListPublished],
		Documentation: l.documents[c.ID], Installation: s.Installation, History: history,
	})
}

// ofOthers are the organizations that other customers are linked to. They count only
// where organizations below a customer's are searched.
func (l *lists) ofOthers(customer string) map[string]bool {
	if !l.settings.MACs.Descendants {
		return nil
	}
	out := map[string]bool{}
	for id, r := range l.records {
		if organization, ok := r.Links.Organization.Linked(); ok && id != customer {
			out[organization] = true
		}
	}
	return out
}

// devicesOf are the linked configurations of a customer's machines by asset key.
func devicesOf(l *lists, customer string) map[string]ticketing.Device {
	doc := l.documents[customer]
	out := map[string]ticketing.Device{}
	for _, key := range slices.Sorted(maps.Keys(doc.Machines)) {
		id, ok := doc.Machines[key].Link.Linked()
		at, known := l.device[id]
		if !ok || !known {
			continue
		}
		c := l.devices[at]
		twin, err := strconv.Atoi(c.CompanyConfigurationID)
		if err != nil {
			twin = 0
		}
		out[key] = ticketing.Device{Name: c.Name, URL: c.URL, CompanyConfigurationID: twin}
	}
	return out
}

package match

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"uniview-bridge/pkg/backup"
)

// CustomersInput is everything the links of customers are decided from. Order
// never matters.
type CustomersInput struct {
	Customers     []backup.Customer
	Organizations []Organization // a complete list; empty: no list, nothing is decided
	Companies     []Company      // the same
	Previous      map[string]CustomerLinks
	// Found counts, by customer and organization id, the machines whose address is
	// on one configuration of that organization (MACIndex.Found): evidence for a
	// suggestion, and a veto against an equal name elsewhere.
	Found map[string]map[string]int
	Now   time.Time // when new automatic links are made
	// ReadFrom is when the read of Organizations began: an organization that the
	// list lacks is not missing if a person linked it after that, since it may be new
	// (the rules link only what they find in a list). Zero: not known, the list counts
	// as newer than every link.
	ReadFrom time.Time
}

// Reasons of customer links.
const (
	ReasonName           = "same name"
	ReasonNameCore       = "same name but for spelling and legal form"
	ReasonNameCut        = "same name up to the 50 characters that ConnectWise keeps"
	ReasonPSA            = "IT Glue itself links the organization to this company"
	ReasonCompany        = "IT Glue links this organization to the customer's company"
	ReasonNamesakes      = "several have this name"
	ReasonShared         = "several customers have this name"
	ReasonPSAElsewhere   = "the name agrees, but IT Glue links the organization to another company than the one of this name"
	ReasonPSAClaimed     = "the name agrees, but IT Glue links this company to another organization"
	ReasonPSADiffers     = "IT Glue links the organization to another company"
	ReasonFoundElsewhere = "the name agrees, but the machines are found in another organization"
	ReasonGeneric        = "the name agrees, but it says no more than a trade"
	ReasonForms          = "the name agrees, but the legal form differs"
	ReasonSimilar        = "similar names exist, none is equal"
	ReasonNothing        = "no organization or company of a similar name"
	ReasonMissing        = "the linked record is deleted or archived"
	ReasonRenamed        = "the linked record or the customer was renamed, and nothing else confirms the link"
	ReasonNoList         = "the other system has not been read yet"
)

// foundVeto is how many machines found elsewhere, and none here, speak against a name.
const foundVeto = 2

// Customers decides the organization and the company of every customer.
//
// Kept by id: what a person decided, and automatic links. They are only watched:
// a target that vanished is attention (missing), one renamed away from everything
// that confirms it is attention (renamed), one that IT Glue's own PSA link
// contradicts is attention (conflict). A person's target is never changed.
//
// New automatic links: an organization by the company a person chose, when exactly
// one organization carries it; else by a name that is unique among customers and
// among organizations and that no evidence contradicts. A company by the linked
// organization's PSA link; without one, by such a name. Everything else is a
// suggestion, attention with all candidates, or unmatched.
func Customers(in CustomersInput) map[string]CustomerLinks {
	m := newMatcher(in)
	out := make(map[string]CustomerLinks, len(in.Customers))
	for _, c := range m.in.Customers {
		prev := in.Previous[c.ID]
		links := CustomerLinks{}
		if len(in.Organizations) == 0 {
			links.Organization = notRead(prev.Organization)
		} else {
			links.Organization = m.organization(c, prev)
		}
		if len(in.Companies) == 0 {
			links.Company = notRead(prev.Company)
		} else {
			links.Company = m.company(c, prev.Company, links.Organization)
		}
		out[c.ID] = links
	}
	return out
}

// notRead keeps a link when the other side's list is not there.
func notRead(prev Link) Link {
	if prev.State == "" {
		return Link{State: Unmatched, Reason: ReasonNoList}
	}
	return prev
}

// matcher holds the account-wide facts.
type matcher struct {
	in        CustomersInput
	orgs      map[string]Organization
	companies map[string]Company
	customers *nameSet
	orgNames  *nameSet
	coNames   *nameSet
	byCompany map[string][]string // company id → organizations that IT Glue links to it
}

func newMatcher(in CustomersInput) *matcher {
	in.Customers = slices.Clone(in.Customers)
	slices.SortFunc(in.Customers, func(a, b backup.Customer) int { return cmp.Compare(a.ID, b.ID) })
	m := &matcher{in: in, orgs: map[string]Organization{}, companies: map[string]Company{}, byCompany: map[string][]string{}}
	var customers, orgs, companies []record
	for _, c := range in.Customers {
		customers = append(customers, record{c.ID, c.Name})
	}
	for _, o := range in.Organizations {
		if _, twice := m.orgs[o.ID]; twice {
			continue
		}
		m.orgs[o.ID] = o
		orgs = append(orgs, record{o.ID, o.Name})
		if o.CompanyID != "" {
			m.byCompany[o.CompanyID] = append(m.byCompany[o.CompanyID], o.ID)
		}
	}
	for _, c := range in.Companies {
		if _, twice := m.companies[c.ID]; twice {
			continue
		}
		m.companies[c.ID] = c
		if !c.Deleted {
			companies = append(companies, record{c.ID, c.Name})
		}
	}
	m.customers, m.orgNames, m.coNames = newNameSet(customers), newNameSet(orgs), newNameSet(companies)
	return m
}

// verdict is the outcome of looking for an exact name.
type verdict struct {
	id     string   // the one record, when unique on both sides
	reason string   // how it agrees, or why it does not link
	all    []string // candidates of equal right
}

// exact looks for the customer's name on the other side: first as it is, then in
// its lenient form, then as ConnectWise would cut it. A form only counts when it
// is unique on both sides; namesakes in the stricter form are not told apart by
// the more lenient one.
func (m *matcher) exact(c backup.Customer, other *nameSet) verdict {
	n := m.customers.names[c.ID]
	if n.generic() {
		return verdict{reason: ReasonGeneric, all: other.byKey[n.Key]}
	}
	strict := other.byExact[n.Exact]
	if len(strict) == 1 && len(m.customers.byExact[n.Exact]) == 1 {
		return verdict{id: strict[0], reason: ReasonName, all: strict}
	}
	lenient := other.byKey[n.Key]
	if len(lenient) == 0 {
		return m.cut(c, other)
	}
	switch mine := m.customers.byKey[n.Key]; {
	case len(lenient) > 1:
		return verdict{reason: ReasonNamesakes, all: lenient}
	case len(mine) > 1:
		return verdict{reason: ReasonShared, all: lenient}
	case !sameForms(n.Forms, other.names[lenient[0]].Forms):
		return verdict{reason: ReasonForms, all: lenient}
	default:
		return verdict{id: lenient[0], reason: ReasonNameCore, all: lenient}
	}
}

// cut looks for names that ConnectWise cut at 50 characters.
func (m *matcher) cut(c backup.Customer, other *nameSet) verdict {
	short, ok := truncated(c.Name)
	if !ok {
		return verdict{}
	}
	var all []string
	for _, id := range other.byExact[short.Exact] {
		if isTruncated(other.raw[id]) {
			all = append(all, id)
		}
	}
	switch {
	case len(all) == 0:
		return verdict{}
	case len(all) > 1:
		return verdict{reason: ReasonNamesakes, all: all}
	case m.customers.cuts[short.Exact] > 1:
		return verdict{reason: ReasonShared, all: all}
	default:
		return verdict{id: all[0], reason: ReasonNameCut, all: all}
	}
}

// organization decides one customer's organization.
func (m *matcher) organization(c backup.Customer, prev CustomerLinks) Link {
	old := prev.Organization
	if old.State == Ignored {
		return old
	}
	suggest := func() []Suggestion { return m.suggestOrganizations(c, prev.Company, nil) }
	if old.TargetID != "" && (old.State == Matched || old.State == Attention) {
		return m.keepOrganization(c, old, prev.Company)
	}
	if old.Decided() { // unmatched by a person
		old.Suggestions = suggest()
		return old
	}
	// By the company that a person chose.
	if company, ok := prev.Company.Linked(); ok && prev.Company.Decided() {
		if orgs := m.byCompany[company]; len(orgs) == 1 {
			return m.auto(old, orgs[0], m.orgs[orgs[0]].Name, ReasonCompany)
		}
	}
	v := m.exact(c, m.orgNames)
	if v.id != "" {
		if reason, rivals := m.againstOrganization(c, v.id, prev.Company); reason != "" {
			return Link{State: Attention, Cause: Conflict, Reason: reason, Suggestions: m.suggestOrganizations(c, prev.Company, append(rivals, v.id))}
		}
		return m.auto(old, v.id, m.orgs[v.id].Name, v.reason)
	}
	return open(v, m.suggestOrganizations(c, prev.Company, v.all))
}

// open is the link of a record that nothing links: ambiguous, suggested or unmatched.
func open(v verdict, suggestions []Suggestion) Link {
	switch {
	case v.reason == ReasonNamesakes || v.reason == ReasonShared:
		return Link{State: Attention, Cause: Ambiguous, Reason: v.reason, Suggestions: suggestions}
	case len(suggestions) > 0:
		reason := v.reason
		if len(v.all) == 0 {
			reason = ReasonSimilar
		}
		return Link{State: Suggested, Reason: reason, Suggestions: suggestions}
	default:
		return Link{State: Unmatched, Reason: ReasonNothing}
	}
}

// auto makes an automatic link; one that stood before keeps its time.
func (m *matcher) auto(old Link, id, name, reason string) Link {
	l := Link{State: Matched, TargetID: id, TargetName: name, Reason: reason, By: Auto, At: m.in.Now}
	if old.TargetID == id && old.By == Auto {
		l.At = old.At
	}
	return l
}

// againstOrganization tells what speaks against linking by name, and the records
// it speaks for.
func (m *matcher) againstOrganization(c backup.Customer, org string, company Link) (reason string, rivals []string) {
	o := m.orgs[org]
	if id, ok := company.Linked(); ok && o.CompanyID != "" && o.CompanyID != id {
		return ReasonPSADiffers, m.byCompany[id]
	}
	if own, known := m.companies[o.CompanyID]; known && o.CompanyID != "" && !own.Deleted {
		// IT Glue says which company this is. It may be written otherwise, but not
		// while another company has the customer's very name.
		if v := m.exact(c, m.coNames); v.id != "" && v.id != o.CompanyID {
			return ReasonPSAElsewhere, m.byCompany[v.id]
		}
	}
	if found := m.in.Found[c.ID]; found[org] == 0 {
		for other, n := range found {
			if n >= foundVeto {
				rivals = append(rivals, other)
			}
		}
		if len(rivals) > 0 {
			slices.Sort(rivals)
			return ReasonFoundElsewhere, rivals
		}
	}
	return "", nil
}

// keepOrganization watches a link that stands.
func (m *matcher) keepOrganization(c backup.Customer, old, company Link) Link {
	o, exists := m.orgs[old.TargetID]
	if !exists && sinceRead(old, m.in.ReadFrom) {
		return unlisted(old)
	}
	if !exists {
		return m.disturbed(old, Missing, ReasonMissing, m.suggestOrganizations(c, company, nil))
	}
	if id, ok := company.Linked(); ok && company.Decided() && !old.Decided() && o.CompanyID != "" && o.CompanyID != id {
		return m.disturbed(old, Conflict, ReasonPSADiffers, m.suggestOrganizations(c, company, m.byCompany[id]))
	}
	confirmed := m.agree(c, o.Name) || m.companyConfirms(c, o, company)
	if !confirmed && (o.Name != old.TargetName || !old.Decided()) {
		return m.disturbed(old, Renamed, renamed(old, c.Name, o.Name), m.suggestOrganizations(c, company, nil))
	}
	return undisturbed(old, o.Name)
}

// companyConfirms says whether the organization's PSA link stands for the customer
// by something else than this very link: a person chose the company, or it has the
// customer's name.
func (m *matcher) companyConfirms(c backup.Customer, o Organization, company Link) bool {
	if o.CompanyID == "" {
		return false
	}
	if id, ok := company.Linked(); ok && company.Decided() && id == o.CompanyID {
		return true
	}
	co, ok := m.companies[o.CompanyID]
	return ok && !co.Deleted && m.agree(c, co.Name)
}

// agree says whether a name is the customer's in any linking form.
func (m *matcher) agree(c backup.Customer, name string) bool {
	mine, theirs := m.customers.names[c.ID], NormalizeName(name)
	if mine.Key == theirs.Key {
		return true
	}
	short, ok := truncated(c.Name)
	return ok && isTruncated(name) && short.Exact == theirs.Exact
}

func renamed(old Link, customer, target string) string {
	if target == old.TargetName {
		return fmt.Sprintf("%s: the customer is called %q now", ReasonRenamed, customer)
	}
	return fmt.Sprintf("%s: it was %q and is %q now", ReasonRenamed, old.TargetName, target)
}

// disturbed is a standing link that needs a person; its target stays.
func (m *matcher) disturbed(old Link, cause Cause, reason string, suggestions []Suggestion) Link {
	old.State, old.Cause, old.Reason, old.Suggestions = Attention, cause, reason, suggestions
	return old
}

// sinceRead says whether a person made a link after a list's read began, so that the
// list need not have its target.
func sinceRead(old Link, readFrom time.Time) bool {
	return old.Decided() && !readFrom.IsZero() && !old.At.Before(readFrom)
}

// unlisted is a standing link whose target the list cannot know yet.
func unlisted(old Link) Link {
	if old.State == Attention && old.Cause == Missing {
		return undisturbed(old, old.TargetName)
	}
	return old
}

// undisturbed is a standing link that is confirmed (again).
func undisturbed(old Link, name string) Link {
	if old.State == Attention {
		old.State, old.Cause = Matched, ""
		old.Reason = "confirmed again"
	}
	old.TargetName, old.Suggestions = name, nil
	return old
}

// company decides one customer's company, given its organization.
func (m *matcher) company(c backup.Customer, old, org Link) Link {
	if old.State == Ignored {
		return old
	}
	psa := ""
	if id, ok := org.Linked(); ok {
		psa = m.orgs[id].CompanyID
	}
	if old.TargetID != "" && (old.State == Matched || old.State == Attention) {
		return m.keepCompany(c, old, psa)
	}
	if old.Decided() {
		old.Suggestions = m.suggestCompanies(c, psa, nil)
		return old
	}
	if co, ok := m.companies[psa]; ok && psa != "" && !co.Deleted {
		return m.auto(old, psa, co.Name, ReasonPSA)
	}
	v := m.exact(c, m.coNames)
	if v.id != "" {
		if owner := m.claimed(v.id, org); owner {
			return Link{State: Attention, Cause: Conflict, Reason: ReasonPSAClaimed, Suggestions: m.suggestCompanies(c, psa, []string{v.id})}
		}
		return m.auto(old, v.id, m.companies[v.id].Name, v.reason)
	}
	return open(v, m.suggestCompanies(c, psa, v.all))
}

// claimed says whether IT Glue links the company to another organization than
// the customer's linked one. Where the customer has none, nothing contradicts.
func (m *matcher) claimed(company string, org Link) bool {
	id, ok := org.Linked()
	if !ok {
		return false
	}
	owners := m.byCompany[company]
	return len(owners) > 0 && !slices.Contains(owners, id)
}

func (m *matcher) keepCompany(c backup.Customer, old Link, psa string) Link {
	co, exists := m.companies[old.TargetID]
	if !exists || co.Deleted {
		return m.disturbed(old, Missing, ReasonMissing, m.suggestCompanies(c, psa, nil))
	}
	if psa != "" && psa != old.TargetID && !old.Decided() {
		return m.disturbed(old, Conflict, ReasonPSADiffers, m.suggestCompanies(c, psa, []string{old.TargetID}))
	}
	confirmed := m.agree(c, co.Name) || psa == old.TargetID
	if !confirmed && (co.Name != old.TargetName || !old.Decided()) {
		return m.disturbed(old, Renamed, renamed(old, c.Name, co.Name), m.suggestCompanies(c, psa, nil))
	}
	return undisturbed(old, co.Name)
}

// sameForms says whether two lists of legal forms can be one firm: a missing form
// says nothing, a company may be written Co, Inc or Corp, and partnerships,
// public and private companies are different persons.
func sameForms(a, b []string) bool {
	ka, kb := formClass(a), formClass(b)
	return ka == "" || kb == "" || ka == kb
}

func formClass(forms []string) string {
	for _, f := range forms {
		switch f {
		case "co": // says little: "Smith & Co", "Smith & Co Ltd"
		case "inc", "corp":
			return "corporation"
		default:
			return f
		}
	}
	return ""
}

// record is an id with its name.
type record struct{ id, name string }

// nameSet indexes the names of one side.
type nameSet struct {
	ids     []string
	raw     map[string]string
	names   map[string]Name
	byExact map[string][]string
	byKey   map[string][]string
	cuts    map[string]int // Exact of the name cut at 50 → how many
	index   *Index         // made when first asked
}

func newNameSet(records []record) *nameSet {
	slices.SortFunc(records, func(a, b record) int { return compareIDs(a.id, b.id) })
	s := &nameSet{raw: map[string]string{}, names: map[string]Name{}, byExact: map[string][]string{}, byKey: map[string][]string{}, cuts: map[string]int{}}
	for _, r := range records {
		n := NormalizeName(r.name)
		s.ids = append(s.ids, r.id)
		s.raw[r.id], s.names[r.id] = r.name, n
		if n.Key == "" {
			continue // a name without letters and digits equals nothing
		}
		s.byExact[n.Exact] = append(s.byExact[n.Exact], r.id)
		s.byKey[n.Key] = append(s.byKey[n.Key], r.id)
		if short, ok := truncated(r.name); ok {
			s.cuts[short.Exact]++
		} else {
			s.cuts[n.Exact]++
		}
	}
	return s
}

// compareIDs orders ids as numbers where they are: shorter first, then by text.
func compareIDs(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

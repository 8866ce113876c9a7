package match

import (
	"cmp"
	"slices"
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
	// Machines counts the machines by customer id, for reasons in words; absent: not
	// known.
	Machines map[string]int
	// Aliases are spellings that people accepted before: evidence for suggestions,
	// never a link.
	Aliases []Alias
	Now     time.Time // when new automatic links are made
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
	ReasonPSAShared      = "IT Glue links the organization to a company of another customer's name, which other organizations are linked to as well"
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
	aliases   aliases
}

func newMatcher(in CustomersInput) *matcher {
	in.Customers = slices.Clone(in.Customers)
	slices.SortFunc(in.Customers, func(a, b backup.Customer) int { return cmp.Compare(a.ID, b.ID) })
	m := &matcher{in: in, orgs: map[string]Organization{}, companies: map[string]Company{}, byCompany: map[string][]string{}, aliases: newAliases(in.Aliases)}
	var customers, orgs, companies []Record
	for _, c := range in.Customers {
		customers = append(customers, Record{c.ID, c.Name})
	}
	for _, o := range in.Organizations {
		if _, twice := m.orgs[o.ID]; twice {
			continue
		}
		m.orgs[o.ID] = o
		orgs = append(orgs, Record{o.ID, o.Name})
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
			companies = append(companies, Record{c.ID, c.Name})
		}
	}
	m.customers, m.orgNames, m.coNames = newNameSet(customers), newNameSet(orgs), newNameSet(companies)
	return m
}

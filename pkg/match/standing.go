package match

import (
	"fmt"
	"time"

	"uniview-bridge/pkg/backup"
)

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

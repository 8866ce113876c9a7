package match

import (
	"slices"

	"uniview-bridge/pkg/backup"
)

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
		if m.strangers(c, psa) {
			return Link{State: Attention, Cause: Conflict, Reason: ReasonPSAShared, Suggestions: m.suggestCompanies(c, psa, []string{psa})}
		}
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

// strangers says whether IT Glue's link to a company is not to be followed for a
// customer: several organizations are linked to it, and it has another customer's
// very name.
func (m *matcher) strangers(c backup.Customer, company string) bool {
	if len(m.byCompany[company]) < 2 || m.agree(c, m.companies[company].Name) {
		return false
	}
	return slices.ContainsFunc(m.customers.byExact[NormalizeName(m.companies[company].Name).Exact], func(id string) bool { return id != c.ID })
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

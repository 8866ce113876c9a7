package review

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
)

// Creation is what there is to know before a record is created in IT Glue.
type Creation struct {
	Name string `json:"name"`
	// Duplicates are records that may be it already, the likeliest first.
	Duplicates []Duplicate `json:"duplicates"`
	Warnings   []string    `json:"warnings"`
	// Confirm, sent back, creates all the same; empty when nothing was found.
	Confirm string `json:"confirm,omitempty"`
}

// Duplicate is a record that may be the one to be created.
type Duplicate struct {
	ID    string  `json:"id"`
	Name  string  `json:"name"`
	Why   string  `json:"why"`
	Score float64 `json:"score"` // 0..1

	exact bool // it has exactly the name
}

// What IT Glue's own pages warn of, and what we know of its public API
// (itglue.md §4.1, §5).
var (
	organizationWarnings = []string{
		"Make sure that the organization does not exist yet, under another name either: creating it again makes a duplicate.",
		"The company in the PSA is not created with it. When IT Glue imports that company later, match it there to this organization, or there will be two.",
	}
	configurationWarnings = []string{
		"Match the customer's machines first, then create what is left: a configuration that exists under another name would be there twice.",
		"A configuration that is created here does not reach the PSA until somebody opens and saves it in IT Glue, one by one. Where configurations come from the PSA, create it there.",
	}
)

// likely is the score from which a suggestion is named as a possible duplicate.
const likely = 0.6

// maxDuplicates bounds the records that are named.
const maxDuplicates = 10

// confirmation names the duplicates that a person was shown.
func confirmation(about subject, found []Duplicate) string {
	ids := make([]string, len(found))
	for i, f := range found {
		ids[i] = f.ID
	}
	slices.Sort(ids)
	return state.Digest([]any{about.String(), ids})
}

// likeOrganizations finds organizations that may be the customer: by name, by name
// but for spelling and legal form, by IT Glue's own link to the customer's company,
// and those suggested with confidence.
func likeOrganizations(name, company string, suggestions []match.Suggestion, all []match.Organization) []Duplicate {
	key := match.NormalizeName(name).Key
	scores := suggested(suggestions)
	var out []Duplicate
	for _, o := range all {
		d := Duplicate{ID: o.ID, Name: o.Name}
		switch s, shown := scores[o.ID]; {
		case o.Name == name:
			d.Why, d.Score, d.exact = "same name", 1, true
		case key != "" && match.NormalizeName(o.Name).Key == key:
			d.Why, d.Score = "same name but for spelling and legal form", 0.95
		case company != "" && o.CompanyID == company:
			d.Why, d.Score = "IT Glue links it to the customer's company", 0.9
		case shown:
			d.Why, d.Score = "suggested: "+strings.Join(s.Reasons, ", "), s.Score
		default:
			continue
		}
		out = append(out, d)
	}
	return ranked(out)
}

// likeConfigurations finds configurations of the organization that may be the
// machine: by name or host name, by MAC address, and those suggested with confidence.
func likeConfigurations(a backup.Asset, suggestions []match.Suggestion, all []match.Configuration) []Duplicate {
	name := strings.TrimSpace(a.Name)
	macs := match.ParseMACs(a.MAC)
	scores := suggested(suggestions)
	var out []Duplicate
	for _, c := range all {
		d := Duplicate{ID: c.ID, Name: c.Name}
		switch s, shown := scores[c.ID]; {
		case c.Name == name:
			d.Why, d.Score, d.exact = "same name", 1, true
		case hasMAC(c, macs):
			d.Why, d.Score = "same MAC address", 0.98
		case sameHost(c.Name, name), sameHost(c.Hostname, name):
			d.Why, d.Score = "same host name", 0.9
		case shown:
			d.Why, d.Score = "suggested: "+strings.Join(s.Reasons, ", "), s.Score
		default:
			continue
		}
		if c.Archived {
			d.Why += ", but archived"
			d.Score /= 2
		}
		out = append(out, d)
	}
	return ranked(out)
}

func hasMAC(c match.Configuration, macs []match.MAC) bool {
	for _, field := range append([]string{c.MAC}, c.OtherMACs...) {
		for _, m := range match.ParseMACs(field) {
			if slices.Contains(macs, m) {
				return true
			}
		}
	}
	return false
}

// sameHost compares names of hosts without their domains.
func sameHost(a, b string) bool {
	a, _, _ = strings.Cut(strings.TrimSpace(a), ".")
	b, _, _ = strings.Cut(strings.TrimSpace(b), ".")
	return a != "" && strings.EqualFold(a, b)
}

func suggested(suggestions []match.Suggestion) map[string]match.Suggestion {
	out := map[string]match.Suggestion{}
	for _, s := range suggestions {
		if s.Score >= likely {
			out[s.TargetID] = s
		}
	}
	return out
}

// ranked puts the likeliest first. All records of exactly the name stay, whatever
// their number: a lost create is found among them.
func ranked(found []Duplicate) []Duplicate {
	slices.SortFunc(found, func(a, b Duplicate) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID))
	})
	if len(found) > maxDuplicates {
		rest := slices.DeleteFunc(slices.Clone(found[maxDuplicates:]), func(d Duplicate) bool { return !d.exact })
		found = append(found[:maxDuplicates:maxDuplicates], rest...)
	}
	return found
}

// Kind is a type or status that IT Glue has now.
type Kind struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Kinds are the types and statuses a record can be created with.
type Kinds struct {
	OrganizationTypes     []Kind
	OrganizationStatuses  []Kind
	ConfigurationTypes    []Kind
	ConfigurationStatuses []Kind
}

// TypeOption is a configuration type with what choosing it means for the PSA.
type TypeOption struct {
	Kind

	Configurations int `json:"configurations"` // of this type, not archived
	Synced         int `json:"synced"`         // of them those that the PSA keeps
	// Consequence says in words what choosing the type means.
	Consequence string `json:"consequence"`
}

// consequence explains a type by what is known of its configurations.
func consequence(all, synced int) string {
	switch {
	case all == 0:
		return "No configuration has this type, so nothing is known of its sync. What is created stays in IT Glue until somebody opens and saves it there, if the type is synced at all."
	case synced == 0:
		return fmt.Sprintf("None of its %d configurations is synced with the PSA: what is created with this type stays in IT Glue.", all)
	default:
		return fmt.Sprintf("%d of its %d configurations are synced with the PSA. A new one is not sent there until somebody opens and saves it in IT Glue; with two-way sync IT Glue may send it at once. The PSA's own copy, if it comes later, would be a second one.", synced, all)
	}
}

// CreateOptions is what records can be created with.
type CreateOptions struct {
	OrganizationTypes     []Kind       `json:"organizationTypes"`
	OrganizationStatuses  []Kind       `json:"organizationStatuses"`
	ConfigurationTypes    []TypeOption `json:"configurationTypes"`
	ConfigurationStatuses []Kind       `json:"configurationStatuses"`
	OrganizationWarnings  []string     `json:"organizationWarnings"`
	ConfigurationWarnings []string     `json:"configurationWarnings"`
}

// CreateOptions asks IT Glue for its types and statuses and explains each type by
// the configurations that have it, as last read.
func (s *Service) CreateOptions(ctx context.Context) (CreateOptions, error) {
	if s.Creator == nil {
		return CreateOptions{}, refuse(Unavailable, "", "creating records is not set up on this installation")
	}
	kinds, err := s.Creator.Kinds(ctx)
	if err != nil {
		return CreateOptions{}, err
	}
	all, synced := map[string]int{}, map[string]int{}
	if err := s.Directory.EachConfiguration(ctx, func(c match.Configuration) {
		if c.Archived {
			return
		}
		all[c.TypeName]++
		if c.PSASynced {
			synced[c.TypeName]++
		}
	}); err != nil {
		return CreateOptions{}, err
	}
	out := CreateOptions{
		OrganizationTypes: some(kinds.OrganizationTypes), OrganizationStatuses: some(kinds.OrganizationStatuses),
		ConfigurationTypes: []TypeOption{}, ConfigurationStatuses: some(kinds.ConfigurationStatuses),
		OrganizationWarnings: organizationWarnings, ConfigurationWarnings: configurationWarnings,
	}
	for _, k := range kinds.ConfigurationTypes {
		n, of := synced[k.Name], all[k.Name]
		out.ConfigurationTypes = append(out.ConfigurationTypes, TypeOption{Kind: k, Configurations: of, Synced: n, Consequence: consequence(of, n)})
	}
	return out, nil
}

// some is a list that is never null.
func some(k []Kind) []Kind {
	if k == nil {
		return []Kind{}
	}
	return k
}

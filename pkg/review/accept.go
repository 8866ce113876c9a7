package review

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
)

// LeastScore is the lowest score from which suggestions are accepted many at once.
const LeastScore = 0.5

// AcceptFilter chooses suggestions to accept: the records of one kind in state
// suggested, narrowed as lists are.
type AcceptFilter struct {
	Kind     Side
	Customer string  // empty: all
	Query    string  // part of the record's, its customer's or the suggested record's name
	MinScore float64 // LeastScore to 1
	// Only narrows to some customers; nil: all. Rivals are seen whoever they belong to.
	Only func(customer string) bool
}

// Acceptance is what becomes of one suggestion.
type Acceptance struct {
	Kind         Side     `json:"kind"`
	ID           string   `json:"id"`
	Name         string   `json:"name"`
	CustomerID   string   `json:"customerId"`
	CustomerName string   `json:"customerName"`
	TargetID     string   `json:"targetId"`
	TargetName   string   `json:"targetName"`
	Score        float64  `json:"score"`
	Reasons      []string `json:"reasons"`
	// Result is accept (a dry run), accepted or skipped; Why says why it was skipped.
	Result  string `json:"result"`
	Why     string `json:"why,omitempty"`
	AuditID string `json:"auditId,omitempty"`

	link match.Link
}

// The results of an acceptance.
const (
	WouldAccept = "accept"
	Accepted    = "accepted"
	Skipped     = "skipped"
)

// AcceptResult is what became of all suggestions that the filter chose.
type AcceptResult struct {
	DryRun   bool         `json:"dryRun"`
	Items    []Acceptance `json:"items"`
	Accepted int          `json:"accepted"` // in a dry run: would be
	Skipped  int          `json:"skipped"`
	Below    int          `json:"below"` // chosen by the filter, but of a lower score
	More     bool         `json:"more"`  // over MaxBulk: accept again for the next
	RunID    string       `json:"runId,omitempty"`
}

// AcceptMany accepts the best suggestion of every chosen record whose score is high
// enough. It never decides between rivals: where two records have the same record as
// their best suggestion, where a suggestion is matched to somebody else already, or
// where two suggestions have equal right, nothing is accepted and the reason says so.
// Repeating it changes nothing more.
func (s *Service) AcceptMany(ctx context.Context, by string, f AcceptFilter, dryRun bool) (AcceptResult, error) {
	out := AcceptResult{DryRun: dryRun, Items: []Acceptance{}}
	if err := checkBy(by); err != nil {
		return out, err
	}
	if !(f.MinScore >= LeastScore && f.MinScore <= 1) { // no number is refused, too
		return out, refuse(Invalid, "minScore", "minScore is between %v and 1", LeastScore)
	}
	all, err := s.suggestions(ctx, f.Kind)
	if err != nil {
		return out, err
	}
	for _, a := range all.items {
		if f.Customer != "" && a.CustomerID != f.Customer || f.Only != nil && !f.Only(a.CustomerID) || !anyHolds(f.Query, a.Name, a.CustomerName, a.TargetName) {
			continue
		}
		if a.Score < f.MinScore {
			out.Below++
			continue
		}
		if a.Why = all.against(a); a.Why != "" {
			a.Result = Skipped
			out.Skipped++
		} else if out.Accepted == MaxBulk {
			out.More = true
			continue
		} else {
			a.Result = WouldAccept
			out.Accepted++
		}
		out.Items = append(out.Items, a)
	}
	if dryRun {
		return out, nil
	}
	return out, s.acceptAll(ctx, by, &out)
}

func (s *Service) acceptAll(ctx context.Context, by string, out *AcceptResult) error {
	var items []Item
	var at []int
	for i := range out.Items {
		a := &out.Items[i]
		if a.Result != WouldAccept {
			continue
		}
		items = append(items, Item{Kind: a.Kind, ID: a.ID, Decision: Decision{
			Action: Accept, TargetID: a.TargetID, seen: &a.link,
			Reason: fmt.Sprintf("suggestion with score %.2f accepted with others", a.Score),
		}})
		at = append(at, i)
	}
	results, err := s.Many(ctx, by, items)
	out.Accepted = 0
	for n, r := range results {
		a := &out.Items[at[n]]
		switch {
		case r.Refusal != nil:
			a.Result, a.Why = Skipped, r.Refusal.Message
			out.Skipped++
		case r.Outcome.Changed:
			a.Result, a.AuditID = Accepted, r.Outcome.AuditID
			out.RunID = cmp.Or(out.RunID, r.Outcome.RunID)
			out.Accepted++
		default:
			a.Result, a.Why = Skipped, "it was decided so already"
			out.Skipped++
		}
	}
	return err
}

// proposals are all open suggestions of one kind, with whom they lead to.
type proposals struct {
	items []Acceptance
	// best are, by target, the records whose best suggestion it is.
	best map[string][]Acceptance
	// taken names, by target, who is matched to it.
	taken map[string]string
}

// against says what speaks against accepting a suggestion without a look.
func (p proposals) against(a Acceptance) string {
	if who, ok := p.taken[a.TargetID]; ok {
		return fmt.Sprintf("%s is matched to %s already: accept it by itself if both are meant", a.TargetName, who)
	}
	s := a.link.Suggestions
	if len(s) > 1 && s[1].Score >= s[0].Score {
		return fmt.Sprintf("%s and %s have equal right", s[0].TargetName, s[1].TargetName)
	}
	for _, other := range p.best[a.TargetID] {
		if other.ID != a.ID && other.Score >= LeastScore {
			return fmt.Sprintf("%s is the best suggestion for %s, too (score %.2f)", a.TargetName, other.Name, other.Score)
		}
	}
	return ""
}

// add takes a record's link in.
func (p *proposals) add(a Acceptance, l match.Link, who string) {
	if id, ok := l.Linked(); ok {
		p.taken[id] = who
		return
	}
	if l.State != match.Suggested || len(l.Suggestions) == 0 || l.Decided() {
		return
	}
	best := l.Suggestions[0]
	a.TargetID, a.TargetName, a.Score, a.Reasons, a.link = best.TargetID, best.TargetName, best.Score, best.Reasons, l
	if a.Reasons == nil {
		a.Reasons = []string{}
	}
	p.items = append(p.items, a)
	p.best[best.TargetID] = append(p.best[best.TargetID], a)
}

// suggestions reads all open suggestions of one kind, ordered by name.
func (s *Service) suggestions(ctx context.Context, kind Side) (proposals, error) {
	p := proposals{best: map[string][]Acceptance{}, taken: map[string]string{}}
	customers, err := state.Customers(ctx, s.Table)
	if err != nil {
		return p, err
	}
	switch kind {
	case Organization, Company:
		for id, c := range customers {
			if c.GoneSince.IsZero() {
				p.add(Acceptance{Kind: kind, ID: id, Name: c.Name, CustomerID: id, CustomerName: c.Name}, *linkOf(&c, kind), c.Name)
			}
		}
	case Configuration:
		docs, err := state.Documentations(ctx, s.Table)
		if err != nil {
			return p, err
		}
		for id, doc := range docs {
			for key, m := range doc.Machines {
				if m.Gone || m.SupersededBy != "" {
					continue
				}
				a := Acceptance{Kind: kind, ID: key, Name: m.Name, CustomerID: id, CustomerName: customers[id].Name}
				p.add(a, m.Link, m.Name)
			}
		}
	default:
		return p, refuse(Invalid, "kind", "kind is organization, company or configuration")
	}
	slices.SortFunc(p.items, func(a, b Acceptance) int {
		return cmp.Or(strings.Compare(a.CustomerName, b.CustomerName), strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
	})
	return p, nil
}

// anyHolds says whether one of the texts holds the search words, whatever their case.
func anyHolds(q string, texts ...string) bool {
	q = strings.ToLower(q)
	return slices.ContainsFunc(texts, func(t string) bool { return strings.Contains(strings.ToLower(t), q) })
}

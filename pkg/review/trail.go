package review

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
)

// subject names what an audit entry is about, and how to find it again.
type subject struct {
	Side     Side
	Customer string
	Asset    string
}

// String is "organization of customer X" in a form that parses back: side, then
// customer, then asset, with spaces between. Customer ids hold no
// spaces.
func (s subject) String() string {
	if s.Asset != "" {
		return string(s.Side) + " " + s.Customer + " " + s.Asset
	}
	return string(s.Side) + " " + s.Customer
}

func parseSubject(text string) (subject, bool) {
	parts := strings.SplitN(text, " ", 3)
	if len(parts) < 2 {
		return subject{}, false
	}
	s := subject{Side: Side(parts[0]), Customer: parts[1]}
	switch {
	case (s.Side == Organization || s.Side == Company || s.Side == modes) && len(parts) == 2:
		return s, true
	case s.Side == Configuration && len(parts) == 3:
		s.Asset = parts[2]
		return s, true
	}
	return subject{}, false
}

// auditLink records a decision on a link: readable parts, and the whole link so
// that undo can restore it.
func (s *Service) auditLink(ctx context.Context, by, action, undoes string, about subject, name string, before, after match.Link) (string, error) {
	b, err := linkFields(name, before)
	if err != nil {
		return "", err
	}
	a, err := linkFields(name, after)
	if err != nil {
		return "", err
	}
	return s.audit(ctx, state.Audit{By: by, Action: action, Subject: about.String(), Reason: after.Reason, Before: b, After: a, Undoes: undoes})
}

func linkFields(name string, l match.Link) (map[string]string, error) {
	raw, err := json.Marshal(l)
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	f := map[string]string{"name": name, "state": string(l.State), "link": string(raw)}
	if l.TargetID != "" {
		f["targetId"], f["targetName"] = l.TargetID, l.TargetName
	}
	return f, nil
}

// audit writes an entry and returns its id.
func (s *Service) audit(ctx context.Context, a state.Audit) (string, error) {
	a.At = s.Now().UTC()
	random := s.Random()
	return state.AuditID(a.At, random), state.AddAudit(ctx, s.Table, a, random)
}

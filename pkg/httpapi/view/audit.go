package view

import (
	"context"
	"strings"
	"time"

	"uniview-bridge/pkg/state"
)

// AuditEntry is one entry of the trail.
type AuditEntry struct {
	ID     string    `json:"id"`
	At     time.Time `json:"at"`
	By     string    `json:"by"`
	Action string    `json:"action"`
	// Kind says what sort of thing it is about; CustomerID and AssetID name which.
	Kind       string            `json:"kind"`
	CustomerID string            `json:"customerId,omitempty"`
	AssetID    string            `json:"assetId,omitempty"`
	Subject    string            `json:"subject"`
	Reason     string            `json:"reason"`
	Before     map[string]string `json:"before"`
	After      map[string]string `json:"after"`
	Undoes     string            `json:"undoes,omitempty"`
}

// AuditKinds are the kinds of entries.
var AuditKinds = []string{"organization", "company", "configuration", "mode", "connection", "settings", "ticketing", "silence", "run", "sync", "dead letter", "other"}

// AuditFilter chooses entries; empty fields choose all.
type AuditFilter struct {
	Customer string
	By       string
	Kind     string
	From, To time.Time // From is still part of it, To is not
	Only     func(customer string) bool
}

// auditLook bounds how many entries one page looks at: a search for few among many
// goes on with the next page.
const auditLook = 5000

// auditStep is how many of them one request reads.
const auditStep = 1250

// Audit lists the trail, newest first, behind the given entry. A page may be shorter
// than asked for, or empty, and still have a next one.
func (m *Model) Audit(ctx context.Context, f AuditFilter, after string, limit int) (entries []AuditEntry, next string, err error) {
	entries = []AuditEntry{}
	if place := state.AuditID(f.To, ""); !f.To.IsZero() && (after == "" || place < after) {
		after = place
	}
	step := auditStep
	if f.Customer == "" && f.By == "" && f.Kind == "" && f.Only == nil {
		step = limit + 1 // all fit
	}
	for looked := 0; looked < auditLook; looked += step {
		page, err := state.Audits(ctx, m.Table, after, step)
		if err != nil {
			return nil, "", err
		}
		for _, a := range page {
			if !f.From.IsZero() && a.At.Before(f.From) {
				return entries, "", nil
			}
			e := auditOf(a)
			if f.chooses(e) {
				if len(entries) == limit {
					return entries, entries[limit-1].ID, nil
				}
				entries = append(entries, e)
			}
			after = a.ID
		}
		if len(page) < step {
			return entries, "", nil
		}
	}
	return entries, after, nil
}

func (f AuditFilter) chooses(e AuditEntry) bool {
	return (f.Customer == "" || e.CustomerID == f.Customer) && (f.By == "" || strings.EqualFold(e.By, f.By)) && (f.Kind == "" || e.Kind == f.Kind) &&
		(f.Only == nil || e.CustomerID != "" && f.Only(e.CustomerID)) && (f.To.IsZero() || e.At.Before(f.To))
}

// auditOf reads out of an entry's subject what it is about.
func auditOf(a state.Audit) AuditEntry {
	e := AuditEntry{
		ID: a.ID, At: a.At, By: a.By, Action: a.Action, Subject: a.Subject, Reason: a.Reason, Before: a.Before, After: a.After, Undoes: a.Undoes,
	}
	word, rest, _ := strings.Cut(a.Subject, " ")
	switch {
	case a.Subject == "ticketing rules" || word == "callbacks":
		e.Kind = "ticketing"
	case word == "silence":
		e.Kind = word
		e.CustomerID, _, _ = strings.Cut(rest, " ")
	case word == "organization" || word == "company" || word == "mode" || word == "sync" || word == "ticketing":
		e.Kind = word
		e.CustomerID, e.AssetID, _ = strings.Cut(rest, " ")
	case word == "configuration":
		e.Kind = word
		e.CustomerID, e.AssetID, _ = strings.Cut(rest, " ")
	case word == "connection":
		e.Kind = word
	case strings.HasSuffix(a.Action, "run") || strings.HasSuffix(a.Action, "plan"):
		e.Kind = "run"
	case a.Action == "replay dead letter":
		e.Kind = "dead letter"
	case strings.Contains(a.Action, "settings"):
		e.Kind = "settings"
	case strings.Contains(a.Action, "live") || strings.Contains(a.Action, "preview") || strings.Contains(a.Action, "mode"):
		e.Kind = "mode"
	default:
		e.Kind = "other"
	}
	return e
}

// Package eval reads sets of names with known answers and measures how customers are
// matched on them. It serves the tests, the training and the benchmark tables.
//
// A set NAME is two files: NAME_queries.csv (tenant, query, true_target, kind, split)
// and NAME_targets.csv (tenant, target). Each tenant is a portfolio of its own; an
// empty true_target means that the right answer is "none". A target's name stands for
// the target: where two share it, either counts as right.
package eval

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/match"
)

// Query is a name to look for. Truth is the right target's name, or empty.
type Query struct{ Name, Truth string }

// Tenant is one portfolio.
type Tenant struct {
	Queries []Query
	Targets []string
}

// Set is a named collection of portfolios.
type Set struct {
	Name    string
	Tenants []Tenant
}

// ReadAll reads every set in a folder, in the order of their names, those of host
// names (IsHosts) too.
func ReadAll(folder string) ([]Set, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*_queries.csv"))
	if err != nil {
		return nil, err
	}
	var out []Set
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), "_queries.csv")
		set, err := Read(folder, name)
		if err != nil {
			return nil, err
		}
		out = append(out, set)
	}
	return out, nil
}

// IsHosts says whether a set holds machines, not customers: its name begins so.
func (s Set) IsHosts() bool { return strings.HasPrefix(s.Name, "hosts") }

// Read reads one set.
func Read(folder, name string) (Set, error) {
	queries, err := Rows(filepath.Join(folder, name+"_queries.csv"))
	if err != nil {
		return Set{}, err
	}
	targets, err := Rows(filepath.Join(folder, name+"_targets.csv"))
	if err != nil {
		return Set{}, err
	}
	var order []string
	tenants := map[string]*Tenant{}
	of := func(id string) *Tenant {
		if tenants[id] == nil {
			tenants[id] = &Tenant{}
			order = append(order, id)
		}
		return tenants[id]
	}
	for _, q := range queries {
		t := of(q["tenant"])
		t.Queries = append(t.Queries, Query{q["query"], q["true_target"]})
	}
	for _, row := range targets {
		t := of(row["tenant"])
		t.Targets = append(t.Targets, row["target"])
	}
	set := Set{Name: name}
	slices.Sort(order)
	for _, id := range order {
		if t := tenants[id]; len(t.Queries) > 0 && len(t.Targets) > 0 {
			set.Tenants = append(set.Tenants, *t)
		}
	}
	return set, nil
}

// Rows reads a CSV file with a header: the values by column.
func Rows(file string) ([]map[string]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.FieldsPerRecord = -1
	all, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(all) < 2 {
		return nil, fmt.Errorf("%s: no rows", file)
	}
	out := make([]map[string]string, 0, len(all)-1)
	for _, row := range all[1:] {
		m := make(map[string]string, len(row))
		for i, value := range row {
			if i < len(all[0]) {
				m[strings.TrimPrefix(all[0][i], "\ufeff")] = value
			}
		}
		out = append(out, m)
	}
	return out, nil
}

// Link decides the organization of every query of a tenant, in the order of its
// queries.
func (t Tenant) Link() []match.Link {
	in := match.CustomersInput{Now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	for i, q := range t.Queries {
		in.Customers = append(in.Customers, backup.Customer{ID: id(i), Name: q.Name})
	}
	for i, target := range t.Targets {
		in.Organizations = append(in.Organizations, match.Organization{ID: id(i), Name: target})
	}
	links := match.Customers(in)
	out := make([]match.Link, len(t.Queries))
	for i := range t.Queries {
		out[i] = links[id(i)].Organization
	}
	return out
}

func id(i int) string { return fmt.Sprintf("%08d", i) }

// Answer is what was proposed for one query.
type Answer struct {
	HasTruth bool
	Linked   bool    // automatically
	Right    bool    // the link, or else the best suggestion
	Score    float64 // of the best suggestion; 0 when there is none
	Shown    bool    // there is a best suggestion
	InFive   bool    // the right one is linked or among the suggestions
	Size     int     // of the portfolio
}

// Ask matches a whole set.
func (s Set) Ask() []Answer {
	var out []Answer
	for _, t := range s.Tenants {
		for i, link := range t.Link() {
			out = append(out, answer(t, t.Queries[i], link))
		}
	}
	return out
}

func answer(t Tenant, q Query, link match.Link) Answer {
	a := Answer{HasTruth: q.Truth != "", Size: len(t.Targets)}
	if _, ok := link.Linked(); ok {
		a.Linked, a.Right = true, q.Truth != "" && link.TargetName == q.Truth
		a.InFive = a.Right
		return a
	}
	for i, s := range link.Suggestions {
		right := q.Truth != "" && s.TargetName == q.Truth
		if i == 0 {
			a.Shown, a.Score, a.Right = true, s.Score, right
		}
		a.InFive = a.InFive || right
	}
	return a
}

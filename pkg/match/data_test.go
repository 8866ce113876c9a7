package match_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"testing"
	"time"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/match"
)

var now = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

// dataset reads one CSV file of the matching data; absent, the test is skipped.
func dataset(t *testing.T, name string) []map[string]string {
	t.Helper()
	folder := os.Getenv("MATCH_DATA")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "shared", "match")
	}
	f, err := os.Open(filepath.Join(folder, name))
	if err != nil {
		t.Skipf("the matching data is not here (%s in %s): nothing is measured; set MATCH_DATA to its folder", name, folder)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) < 2 {
		t.Fatalf("%s: %d rows, %v", name, len(rows), err)
	}
	var out []map[string]string
	for _, row := range rows[1:] {
		m := map[string]string{}
		for i, column := range rows[0] {
			m[column] = row[i]
		}
		out = append(out, m)
	}
	return out
}

func byTenant(rows []map[string]string) map[string][]map[string]string {
	out := map[string][]map[string]string{}
	for _, r := range rows {
		out[r["tenant"]] = append(out[r["tenant"]], r)
	}
	return out
}

func TestAutomaticNamesOnTheDevelopmentData(t *testing.T) {
	t.Parallel()
	for _, set := range []struct {
		name   string
		recall float64
	}{{"msp_small", 0.41}, {"nhs_gp_tenants", 0.78}, {"sec_listing", 0.95}} {
		t.Run(set.name, func(t *testing.T) {
			t.Parallel()
			queries := byTenant(dataset(t, set.name+"_queries.csv"))
			targets := byTenant(dataset(t, set.name+"_targets.csv"))
			right, wrong, withTarget, inFive := 0, 0, 0, 0
			for tenant, qs := range queries {
				in := match.CustomersInput{Now: now}
				for i, q := range qs {
					in.Customers = append(in.Customers, backup.Customer{ID: id("c", i), Name: q["query"]})
				}
				for i, target := range targets[tenant] {
					in.Organizations = append(in.Organizations, match.Organization{ID: id("o", i), Name: target["target"]})
				}
				links := match.Customers(in)
				for i, q := range qs {
					truth := q["true_target"]
					if truth != "" {
						withTarget++
					}
					l := links[id("c", i)].Organization
					if _, ok := l.Linked(); ok {
						if l.TargetName == truth {
							right++
							inFive++
						} else {
							wrong++
							if testing.Verbose() {
								t.Logf("wrong: %q -> %q, is %q (%s)", q["query"], l.TargetName, truth, l.Reason)
							}
						}
						continue
					}
					for _, s := range l.Suggestions {
						if truth != "" && s.TargetName == truth {
							inFive++
							break
						}
					}
				}
			}
			precision := float64(right) / float64(right+wrong)
			recall := float64(right) / float64(withTarget)
			t.Logf("%s: precision %.1f %%, recall %.1f %%, right answer linked or among five %.1f %%", set.name, 100*precision, 100*recall, 100*float64(inFive)/float64(withTarget))
			if precision < 0.995 || recall < set.recall {
				t.Errorf("precision %.4f (at least 0.995), recall %.4f (at least %.2f)", precision, recall, set.recall)
			}
		})
	}
}

func TestHostNamesOnTheDevelopmentData(t *testing.T) {
	t.Parallel()
	queries := byTenant(dataset(t, "hosts_synth_queries.csv"))
	targets := byTenant(dataset(t, "hosts_synth_targets.csv"))
	right, wrong, withTarget := 0, 0, 0
	missed := map[string]int{}
	for tenant, qs := range queries {
		names := map[string][]string{}
		for _, target := range targets[tenant] {
			names[target["target"]] = []string{target["target"]}
		}
		x := match.NewHostIndex(names)
		for _, q := range qs {
			if q["true_target"] != "" {
				withTarget++
			}
			found := x.Find(q["query"])
			switch {
			case len(found) == 1 && found[0].ID == q["true_target"]:
				right++
			case len(found) == 1:
				wrong++
				t.Logf("wrong: %q -> %q, is %q (%s)", q["query"], found[0].ID, q["true_target"], q["kind"])
			case q["true_target"] != "":
				missed[q["kind"]]++
				if testing.Verbose() {
					t.Logf("missed: %q, is %q (%s)", q["query"], q["true_target"], q["kind"])
				}
			}
		}
	}
	precision, recall := float64(right)/float64(right+wrong), float64(right)/float64(withTarget)
	t.Logf("hosts: precision %.1f %%, recall %.1f %%, missed %v", 100*precision, 100*recall, missed)
	if precision < 0.995 || recall < 0.95 {
		t.Errorf("precision %.4f (at least 0.995), recall %.4f (at least 0.95)", precision, recall)
	}
}

func TestAddressesOfTheDevelopmentData(t *testing.T) {
	t.Parallel()
	for _, row := range dataset(t, "mac_cases.csv") {
		checkMAC(t, row["input"], row["canonical"], row["usable_alone"])
	}
	for _, row := range dataset(t, "mac_shared.csv") {
		example := sample(row["pattern"])
		if macs := match.ParseMACs(example); len(macs) > 0 {
			t.Errorf("%s (%s): shared address taken as %v", row["pattern"], row["what"], macs)
		}
	}
}

// sample fills a pattern's wildcards with digits.
func sample(pattern string) string {
	out := ""
	for _, octet := range splitOctets(pattern) {
		switch octet {
		case "*":
			octet = "20"
		case "F*":
			octet = "F7"
		}
		if out != "" {
			out += ":"
		}
		out += octet
	}
	for len(splitOctets(out)) < 6 {
		out += ":11"
	}
	return out
}

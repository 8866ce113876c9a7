package match_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"testing"
	"time"

	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/match/eval"
)

var now = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

// folder is where the sets are; without them the test is skipped.
func folder(t *testing.T) string {
	t.Helper()
	folder, ok := eval.Folder(filepath.Join("..", ".."))
	if !ok {
		t.Skipf("the matching data is not here (%s): nothing is measured; set MATCH_DATA to its folder", folder)
	}
	return folder
}

func dataset(t *testing.T, name string) eval.Set {
	t.Helper()
	set, err := eval.Read(folder(t), name)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("the matching data lacks %s: nothing is measured", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestNamesOnTheDevelopmentData(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("ranks thousands of names")
	}
	for _, set := range []struct {
		name                      string
		automatic, recall, inFive float64
	}{{"msp_small", 0.41, 0.78, 0.92}, {"nhs_gp_tenants", 0.78, 0.86, 0.90}, {"sec_listing", 0.95, 0.98, 0.98}} {
		t.Run(set.name, func(t *testing.T) {
			t.Parallel()
			f := eval.Measure(dataset(t, set.name).Ask(), match.Confident)
			t.Logf("automatic %.1f / %.1f %%; shown at %.2f %.1f / %.1f %%; in five %.1f %%", 100*f.AutomaticPrecision, 100*f.Automatic, match.Confident, 100*f.Precision, 100*f.Recall, 100*f.InFive)
			if f.AutomaticPrecision < 0.995 || f.Automatic < set.automatic {
				t.Errorf("automatic links: precision %.4f (at least 0.995), recall %.4f (at least %.2f)", f.AutomaticPrecision, f.Automatic, set.automatic)
			}
			if f.Precision < 0.98 || f.Recall < set.recall {
				t.Errorf("links and best suggestions: precision %.4f (at least 0.98), recall %.4f (at least %.2f)", f.Precision, f.Recall, set.recall)
			}
			if f.InFive < set.inFive {
				t.Errorf("among five %.4f (at least %.2f)", f.InFive, set.inFive)
			}
		})
	}
}

func TestHostNamesOnTheDevelopmentData(t *testing.T) {
	t.Parallel()
	h := eval.Hosts(dataset(t, "hosts_synth"))
	t.Logf("hosts: precision %.1f %%, recall %.1f %%", 100*h.Precision, 100*h.Recall)
	if h.Precision < 0.995 || h.Recall < 0.95 {
		t.Errorf("precision %.4f (at least 0.995), recall %.4f (at least 0.95)", h.Precision, h.Recall)
	}
}

func rows(t *testing.T, name string) []map[string]string {
	t.Helper()
	out, err := eval.Rows(filepath.Join(folder(t), name))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("the matching data lacks %s: nothing is measured", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAddressesOfTheDevelopmentData(t *testing.T) {
	t.Parallel()
	for _, row := range rows(t, "mac_cases.csv") {
		checkMAC(t, row["input"], row["canonical"], row["usable_alone"])
	}
	for _, row := range rows(t, "mac_shared.csv") {
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

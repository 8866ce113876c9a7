package eval_test

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"uniview-bridge/pkg/match/eval"
)

func write(t *testing.T, folder, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestSetsAreReadByTheirNames(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, folder, "b_queries.csv", "tenant,query,true_target,kind,split\nt2,\"Acme, Ltd\",Acme,x,test\nt1,Beta,,x,other\nt3,Nobody to ask,,x,dev\n")
	write(t, folder, "b_targets.csv", "tenant,target\nt1,Gamma\nt2,Acme\nt2,Delta\n")
	write(t, folder, "hosts_x_queries.csv", "\ufefftenant,query,true_target,kind,split\n,SRV1,srv1,x,dev\n,SRV9,,x,dev\n")
	write(t, folder, "hosts_x_targets.csv", "tenant,target\n,srv1\n,srv2\n")
	sets, err := eval.ReadAll(folder)
	if err != nil || len(sets) != 2 {
		t.Fatalf("%d sets, %v", len(sets), err)
	}
	b, hosts := sets[0], sets[1]
	if b.Name != "b" || b.IsHosts() || len(b.Tenants) != 2 || b.Tenants[0].Queries[0].Name != "Beta" || len(b.Tenants[1].Targets) != 2 {
		t.Errorf("got %+v", b)
	}
	answers := b.Ask()
	f := eval.Measure(answers, 0.9)
	if f.Queries != 2 || f.WithTarget != 1 || f.Automatic != 1 || f.AutomaticPrecision != 1 || f.SmallestPortfolio != 1 || f.LargestPortfolio != 2 {
		t.Errorf("got %+v", f)
	}
	if h := eval.Hosts(hosts); !hosts.IsHosts() || h.Queries != 2 || h.WithTarget != 1 || h.Precision != 1 || h.Recall != 1 {
		t.Errorf("got %+v", h)
	}
}

func TestASetThatIsNotWholeIsAnError(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, folder, "a_queries.csv", "tenant,query,true_target,kind,split\n,Acme,Acme,x,dev\n")
	if _, err := eval.ReadAll(folder); err == nil {
		t.Error("a set without targets was read")
	}
	write(t, folder, "a_targets.csv", "tenant,target\n")
	if _, err := eval.Read(folder, "a"); err == nil {
		t.Error("an empty list of targets was read")
	}
}

func TestFiguresCountWhatIsShown(t *testing.T) {
	t.Parallel()
	answers := []eval.Answer{
		{HasTruth: true, Linked: true, Right: true, InFive: true, Size: 3},
		{HasTruth: true, Shown: true, Score: 0.95, Right: true, InFive: true, Size: 5},
		{HasTruth: true, Shown: true, Score: 0.60, Right: false, InFive: true, Size: 5},
		{HasTruth: false, Shown: true, Score: 0.65, Right: false, Size: 5},
	}
	f := eval.Measure(answers, 0.65)
	third := 1.0 / 3
	for name, pair := range map[string][2]float64{
		"automatic precision": {f.AutomaticPrecision, 1}, "automatic recall": {f.Automatic, third},
		"precision": {f.Precision, 2 * third}, "recall": {f.Recall, 2 * third}, "among five": {f.InFive, 1}, "first": {f.First, 2 * third},
		"best recall": {f.BestRecall, 2 * third}, "best threshold": {f.BestThreshold, 0.95},
		"calibration": {f.Calibration, (0.05 + 1.25) / 3}, "in the bin from 0.6": {f.Bins[6].Shown, 2},
	} {
		if math.Abs(pair[0]-pair[1]) > 1e-9 {
			t.Errorf("%s is %v, want %v", name, pair[0], pair[1])
		}
	}
}

func TestAddressesAreCounted(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, folder, "mac_cases.csv", "input,canonical,usable_alone,note\n001a.2b3c.4d5e,00:1A:2B:3C:4D:5E,yes,x\nnothing,,no,x\n001a.2b3c.4d5e,00:1A:2B:3C:4D:5F,yes,wrong on purpose\n")
	right, all, err := eval.Addresses(filepath.Join(folder, "mac_cases.csv"))
	if right != 2 || all != 3 || err != nil {
		t.Errorf("%d of %d, %v", right, all, err)
	}
	if _, _, err := eval.Addresses(filepath.Join(folder, "nothing.csv")); err == nil {
		t.Error("a file that is not there was read")
	}
}

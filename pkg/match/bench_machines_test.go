package match_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/match"
)

// fleet is an account of n machines of a hundredth as many customers, each with
// its configuration.
func fleet(n int) (assets map[string][]backup.Asset, all []backup.Asset, configurations map[string][]match.Configuration, devices []match.Configuration) {
	assets, configurations = map[string][]backup.Asset{}, map[string][]match.Configuration{}
	for i := range n {
		mac := fmt.Sprintf("00:1A:%02X:%02X:%02X:%02X", i>>24, i>>16&255, i>>8&255, i&255)
		customer, organization := id("c", i*100/n), id("o", i*100/n)
		a := backup.Asset{Family: backup.FamilyAppliance, ID: id("a", i), CustomerID: customer, Name: id("SRV-", i) + ".corp.local", MAC: mac}
		c := match.Configuration{ID: id("k", i), OrganizationID: organization, Name: id("SRV-", i), MAC: mac}
		all, devices = append(all, a), append(devices, c)
		assets[customer], configurations[organization] = append(assets[customer], a), append(configurations[organization], c)
	}
	return assets, all, configurations, devices
}

// processorTime is what the process has used of its processors: on a machine that
// others use too it says more than the clock.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkMachines measures 250,000 machines against as many configurations: the
// index of the account alone, with every customer's facts and evidence, and the
// whole decision on every link.
func BenchmarkMachines(b *testing.B) {
	const n = 250_000
	assets, all, configurations, devices := fleet(n)
	decide := func(facts, links bool) {
		x := match.NewMACIndex(all, devices, nil)
		if !facts {
			return
		}
		linked := 0
		for i := range 100 {
			customer, organization := id("c", i), id("o", i)
			in := match.MachinesInput{Assets: assets[customer], Configurations: configurations[organization], Now: now}
			in.Facts = x.Facts(in.Assets, x.Scope(organization, nil)...)
			if found := x.Found(in.Assets); found[organization] != len(in.Assets) {
				b.Fatalf("%d of %d found", found[organization], len(in.Assets))
			}
			if links {
				for _, m := range match.Machines(in) {
					if _, ok := m.Link.Linked(); ok {
						linked++
					}
				}
			}
		}
		if links && linked != n {
			b.Fatalf("%d of %d linked", linked, n)
		}
	}
	for _, part := range []struct {
		name         string
		facts, links bool
	}{{"index", false, false}, {"index and facts", true, false}, {"index facts and links", true, true}} {
		b.Run(part.name, func(b *testing.B) {
			before := processorTime()
			for b.Loop() {
				decide(part.facts, part.links)
			}
			b.ReportMetric((processorTime()-before).Seconds()/float64(b.N), "cpu-s/op")
		})
	}
}

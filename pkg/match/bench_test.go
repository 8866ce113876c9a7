package match_test

import (
	"fmt"
	"testing"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/match"
)

func BenchmarkMACIndex(b *testing.B) {
	const n = 250_000
	assets, configurations := make([]backup.Asset, n), make([]match.Configuration, n)
	for i := range n {
		mac := fmt.Sprintf("00:1A:2B:%02X:%02X:%02X", i>>16, i>>8&255, i&255)
		assets[i] = backup.Asset{Family: backup.FamilyAppliance, ID: id("a", i), CustomerID: id("c", i%1000), Name: id("SRV", i), MAC: mac}
		configurations[i] = match.Configuration{ID: id("k", i), OrganizationID: id("o", i%1000), Name: id("SRV", i), MAC: mac}
	}
	for b.Loop() {
		match.NewMACIndex(assets, configurations, nil)
	}
}

func BenchmarkCustomers(b *testing.B) {
	const n = 10_000
	in := match.CustomersInput{Now: now}
	for i := range n {
		in.Customers = append(in.Customers, backup.Customer{ID: id("c", i), Name: fmt.Sprintf("Firm %d of %d Street", i*7919%n, i%97)})
		in.Organizations = append(in.Organizations, match.Organization{ID: id("o", i), Name: fmt.Sprintf("Firm %d at %d Road", i, i%89)})
	}
	for b.Loop() {
		match.Customers(in)
	}
}

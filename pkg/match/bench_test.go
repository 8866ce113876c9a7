package match_test

import (
	"fmt"
	"testing"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/match"
)

func BenchmarkCustomers(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		in := match.CustomersInput{Now: now}
		for i := range n {
			in.Customers = append(in.Customers, backup.Customer{ID: id("c", i), Name: fmt.Sprintf("Firm %d of %d Street", i*7919%n, i%97)})
			in.Organizations = append(in.Organizations, match.Organization{ID: id("o", i), Name: fmt.Sprintf("Firm %d at %d Road", i, i%89)})
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				match.Customers(in)
			}
		})
	}
}

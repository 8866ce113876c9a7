package view_test

import (
	"testing"
)

// BenchmarkPages is the server time of one page of an account of 10,000 customers and
// 250,000 machines on the embedded store: cold in a process that just began and read
// nothing yet, warm as every page after it. The requests are those that DynamoDB would
// be asked for one page.
func BenchmarkPages(b *testing.B) {
	a := account{customers: 10_000, machines: 25}
	table := &requests{Table: a.build(b)}
	warm := modelOf(table)
	for i, p := range pages(warm, a) {
		b.Run(p.name+"/cold", func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				ask := pages(modelOf(table), a)[i].ask
				table.n.Store(0)
				b.StartTimer()
				if _, err := ask(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(table.n.Load()), "requests")
			b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(b.N), "ms/page")
		})
		b.Run(p.name+"/warm", func(b *testing.B) {
			if _, err := p.ask(b.Context()); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				table.n.Store(0)
				if _, err := p.ask(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(table.n.Load()), "requests")
			b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(b.N), "ms/page")
		})
	}
}

package main

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/agnivade/levenshtein"
	"github.com/antzucaro/matchr"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/match"
)

// sample is how many queries the brute-force rivals are timed on.
const sample = 40

// speed times the matching of made-up names, none of which is equal to another, so
// that every one is ranked, and the brute force of public libraries beside it.
func speed() {
	runtime.GOMAXPROCS(1)
	fmt.Printf("\nSpeed: every name looked for among as many, candidates, features and ranking included; made-up names,\nnone equal, so that all are ranked. Processor\nseconds, not wall time.\n\n%-48s %12s %12s %8s\n", "", "1k x 1k", "10k x 10k", "ratio")
	small, large := names(1000), names(10000)
	s := time.Duration(0)
	for range 5 { // short: the mean of several
		took, _ := run(small)
		s += took / 5
	}
	l, mb := run(large)
	fmt.Printf("%-48s %10.2f s %10.2f s %7.1fx\n%-48s %12s %9.0f MB\n", "this project", s.Seconds(), l.Seconds(), l.Seconds()/s.Seconds(), "  live heap and garbage, at most", "", mb)
	rival("Levenshtein (agnivade/levenshtein), brute force", small, large, func(a, b string) { levenshtein.ComputeDistance(a, b) })
	rival("Jaro-Winkler (antzucaro/matchr), brute force", small, large, func(a, b string) { matchr.JaroWinkler(a, b, false) })
}

// rival times a sample of queries against all targets and extrapolates.
func rival(name string, small, large match.CustomersInput, compare func(a, b string)) {
	took := func(in match.CustomersInput) float64 {
		begin := used()
		for _, c := range in.Customers[:sample] {
			for _, o := range in.Organizations {
				compare(c.Name, o.Name)
			}
		}
		return (used() - begin).Seconds() * float64(len(in.Customers)) / sample
	}
	s, l := took(small), took(large)
	fmt.Printf("%-48s %10.2f s %10.2f s %7.1fx  extrapolated from %d queries\n", name, s, l, l/s, sample)
}

// run matches and returns the time and the most heap seen in MB.
func run(in match.CustomersInput) (time.Duration, float64) {
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	stop, peak := make(chan bool), make(chan float64)
	go func() {
		most := uint64(0)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			var now runtime.MemStats
			runtime.ReadMemStats(&now)
			most = max(most, now.HeapInuse)
			select {
			case <-stop:
				peak <- float64(most-min(before.HeapInuse, most)) / (1 << 20)
				return
			case <-tick.C:
			}
		}
	}()
	begin := used()
	links := match.Customers(in)
	took := used() - begin
	stop <- true
	mb := <-peak
	runtime.KeepAlive(links)
	return took, mb
}

// used is the processor time that this process has used, garbage collection included.
func used() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// names makes two sides of n names each: a customer and its organization, written
// otherwise.
func names(n int) match.CustomersInput {
	r := rand.New(rand.NewPCG(11, uint64(n)))
	syllables := strings.Fields("ka lo mar ten ber wick ford ham ley ston bur den hol mes tor vin gra pel sun row ash elm cor dun fen gil har ing jar kel lin mor nor oak per quin ros sel tam ul ver wes yar zel")
	trades := strings.Fields("Dental Medical Surgery Practice School Motors Foods Legal Engineering Logistics Partners Clinic Construction Bakery Optics Pharmacy")
	places := strings.Fields("Street Road Lane Park Hill Green House Court")
	word := func() string {
		w := ""
		for range 2 + r.IntN(2) {
			w += syllables[r.IntN(len(syllables))]
		}
		return strings.ToUpper(w[:1]) + w[1:]
	}
	in := match.CustomersInput{}
	for i := range n {
		a, b, trade, place := word(), word(), trades[r.IntN(len(trades))], places[r.IntN(len(places))]
		in.Customers = append(in.Customers, backup.Customer{ID: fmt.Sprintf("c%05d", i), Name: a + " " + b + " " + place + " " + trade})
		in.Organizations = append(in.Organizations, match.Organization{ID: fmt.Sprintf("o%05d", i), Name: a + " " + trade + " Centre Ltd (" + b + ")"})
	}
	return in
}

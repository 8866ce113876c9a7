package simulator_test

import (
	"fmt"
	"net/http"

	"uniview-bridge/pkg/vendorhttp/simulator"
)

// A sandbox says what it answers; everything else is the Front's.
func Example() {
	front := simulator.New(simulator.Config{
		Route: func(x *simulator.Exchange) func() simulator.Reply {
			x.Op = x.HTTP.Method + " " + x.HTTP.URL.Path
			return func() simulator.Reply { return simulator.Reply{Status: http.StatusOK, Body: []byte(`[]`)} }
		},
	})
	front.Inject(simulator.Fault{Kind: simulator.Status, Status: http.StatusTooManyRequests, RetryAfter: 5, Times: 1})
	client := http.Client{Transport: front.Transport()}
	for range 2 {
		res, err := client.Get("https://vendor.example/things")
		if err != nil {
			fmt.Println(err)
			return
		}
		res.Body.Close()
		fmt.Printf("%d %q\n", res.StatusCode, res.Header.Get("Retry-After"))
	}
	fmt.Println(front.Requests()[0].Op, len(front.Requests()))
	// Output:
	// 429 "5"
	// 200 ""
	// GET /things 2
}

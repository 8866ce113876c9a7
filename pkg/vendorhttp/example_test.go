package vendorhttp_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	"uniview-bridge/pkg/vendorhttp"
)

func Example() {
	calls := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if calls++; calls == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		fmt.Fprint(w, `["one","two"]`)
	}))
	defer srv.Close()

	client := vendorhttp.New(vendorhttp.Options{
		Vendor:        "acme",
		AllowInsecure: true, // the example's server is on loopback
		Limit:         vendorhttp.NewLimiter(vendorhttp.LimiterOptions{PerWindow: 3000, Window: 5 * time.Minute}),
	})
	u, _ := url.Parse(srv.URL + "/things")
	resp, err := client.Do(context.Background(), vendorhttp.Request{Op: "list things", URL: u})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(resp.Status, string(resp.Body), calls)
	// Output: 200 ["one","two"] 2
}

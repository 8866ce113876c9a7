package sandbox_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"uniview-bridge/pkg/connectwise/sandbox"
)

// The simulator runs alone, behind any HTTP server, for any client. What people
// do in ConnectWise is done by editing its State.
func Example() {
	vendor := sandbox.New(sandbox.Options{})
	vendor.Edit(func(st *sandbox.State) {
		st.AddStandardSetup()
		st.AddTicket(st.AddCompany("Contoso"), "Printer on fire", "tech1")
	})
	web := httptest.NewServer(vendor) // or http.ListenAndServe
	defer web.Close()

	get := func(path string) {
		r, err := http.NewRequest(http.MethodGet, web.URL+"/v4_6_release/apis/3.0/"+path, nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		r.SetBasicAuth(sandbox.Defaults.CompanyID+"+"+sandbox.Defaults.PublicKey, sandbox.Defaults.PrivateKey)
		r.Header.Set("clientId", sandbox.Defaults.ClientID)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			fmt.Println(err)
			return
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		fmt.Println(resp.StatusCode, strings.TrimSpace(string(body)), err)
	}
	get("service/tickets?fields=id,summary,company/name&conditions=closedFlag%3Dfalse")
	get("service/tickets?fields=id&conditions=closed%3Dfalse")
	vendor.Inject(sandbox.Fault{Op: "list tickets", Kind: sandbox.StatusFault, Status: 429, RetryAfter: 30, Times: 1})
	get("service/tickets")
	for _, l := range vendor.Requests() {
		fmt.Println(l.Op, l.Status, l.Rows)
	}
	// Output:
	// 200 [{"company":{"name":"Contoso"},"id":1001,"summary":"Printer on fire"}] <nil>
	// 400 {"code":"ApiFindCondition","message":"closed is not a recognized name."} <nil>
	// 429 {"error":"ConnectWiseAPI","message":"Too many requests. Please try again in 30 seconds."} <nil>
	// list tickets 200 1
	// list tickets 400 0
	// list tickets 429 0
}

package sandbox_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"

	"uniview-bridge/pkg/itglue/sandbox"
)

// get asks a sandbox as curl would.
func get(address string) (*http.Response, error) {
	req, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("x-api-key", "ITG.sandbox")
	return http.DefaultClient.Do(req)
}

// Starts an account that any client can talk to. A program that should stay up serves it with http.ListenAndServe
// instead.
func Example() {
	account := sandbox.New(sandbox.Options{APIKey: "ITG.sandbox"})
	account.Edit((*sandbox.State).AddSample)
	server := httptest.NewServer(account)
	defer server.Close()

	res, err := get(server.URL + "/configurations?filter[archived]=false&page[size]=1&sort=id")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer res.Body.Close()
	var doc struct {
		Data []struct {
			ID         string
			Attributes struct{ Name string }
		}
		Meta struct {
			Total int `json:"total-count"`
		}
	}
	if err := json.NewDecoder(res.Body).Decode(&doc); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(res.Status, doc.Meta.Total, doc.Data[0].ID, doc.Data[0].Attributes.Name)
	// Output: 200 OK 6 1000001 SRV-DC01
}

// Makes the account fail: the firewall's page, once, and then large pages time out.
func ExampleServer_Inject() {
	account := sandbox.New(sandbox.Options{})
	server := httptest.NewServer(account)
	defer server.Close()
	account.Inject(sandbox.Fault{Kind: sandbox.Status, Status: http.StatusForbidden, HTML: true, Times: 1})
	account.Inject(sandbox.Fault{Kind: sandbox.PageTooLarge, Rows: 500})
	for _, size := range []int{1000, 1000, 500} {
		res, err := get(fmt.Sprintf("%s/organizations?page[size]=%d", server.URL, size))
		if err != nil {
			fmt.Println(err)
			return
		}
		res.Body.Close()
		fmt.Println(size, res.Status)
	}
	fmt.Println(len(account.Requests()), "requests")
	// Output:
	// 1000 403 Forbidden
	// 1000 504 Gateway Timeout
	// 500 200 OK
	// 3 requests
}

package sandbox_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	"uniview-bridge/pkg/uniview/sandbox"
)

// Starts a portal that any client can talk to, and asks it as curl would. A
// program that should stay up serves it with http.ListenAndServe instead.
func Example() {
	portal := sandbox.New(sandbox.Options{})
	portal.Edit(func(st *sandbox.State) { st.AddSample(time.Now()) })
	server := httptest.NewServer(portal)
	defer server.Close()

	res, err := http.PostForm(server.URL+"/connect/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {"sandbox"}, "client_secret": {"sandbox-secret"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer res.Body.Close()
	var token struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&token); err != nil {
		fmt.Println(err)
		return
	}
	req, err := http.NewRequest(http.MethodGet, server.URL+"/v1/customers?page_size=2", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	req.Header.Set("Authorization", "Bearer "+token.AccessToken)
	list, err := http.DefaultClient.Do(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer list.Body.Close()
	var customers []struct{ Name string }
	if err := json.NewDecoder(list.Body).Decode(&customers); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(list.Status, list.Header.Get("Paging-Total-Records"), customers[0].Name)
	// Output: 200 OK 3 Hafen Apotheke
}

// Makes the portal fail: the second page of every list of assets answers with a
// gateway's page, once.
func ExampleServer_Inject() {
	portal := sandbox.New(sandbox.Options{})
	portal.Inject(sandbox.Fault{Kind: sandbox.Status, Status: http.StatusBadGateway, HTML: true, Op: "GET /v1/assets", Skip: 1, Times: 1})
	client := http.Client{Transport: portal.Transport()} // in process, without sockets
	for range 3 {
		res, err := client.Get("https://public-api.backup.net/v1/assets")
		if err != nil {
			fmt.Println(err)
			return
		}
		res.Body.Close()
		fmt.Println(res.StatusCode)
	}
	for _, r := range portal.Requests() {
		fmt.Printf("%s %d %q\n", r.Op, r.Status, r.Fault)
	}
	// Output:
	// 401
	// 502
	// 401
	// GET /v1/assets 401 ""
	// GET /v1/assets 502 "status"
	// GET /v1/assets 401 ""
}

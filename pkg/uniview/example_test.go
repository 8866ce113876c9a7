package uniview_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"time"

	"uniview-bridge/pkg/uniview"
	"uniview-bridge/pkg/uniview/sandbox"
	"uniview-bridge/pkg/vendorhttp"
)

// Reads every machine and its last backup. With real credentials leave out the
// addresses and AllowInsecure.
func Example() {
	portal := sandbox.New(sandbox.Options{ClientID: "my-client", ClientSecret: "my-secret"})
	portal.Edit(func(st *sandbox.State) {
		customer := st.AddCustomer("Hafen Apotheke")
		appliance := st.AddAppliance(sandbox.Appliance{CustomerID: customer.ID, Name: "UEB-1"})
		asset := st.AddAsset(sandbox.Asset{AssetTag: appliance.AssetTag, Name: "SRV-DC01", MAC: "00:15:5D:01:02:03"})
		start := time.Date(2026, 3, 4, 1, 0, 0, 0, time.UTC)
		st.AddBackup(sandbox.Backup{AssetKey: asset.Key, StartTime: start, CompleteTime: start.Add(20 * time.Minute), SizeMB: 8060, Status: "Successful"})
	})
	server := httptest.NewServer(portal)
	defer server.Close()

	client, err := uniview.New(uniview.Config{
		APIURL:       server.URL,
		TokenURL:     server.URL + "/connect/token",
		ClientID:     "my-client",
		ClientSecret: "my-secret",
		HTTP:         vendorhttp.Options{AllowInsecure: true},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	assets, err := client.ListAssets(context.Background())
	if vendorhttp.IsAuth(err) {
		fmt.Println("enter the credentials again")
		return
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, a := range assets {
		fmt.Println(a.Name, a.LastBackup.Status, a.LastBackup.CompleteTime)
	}
	// Output: SRV-DC01 Successful 2026-03-04 01:20:00 +0000 UTC
}

// Reads a long list in steps that may run in different processes.
func ExamplePager() {
	portal := sandbox.New(sandbox.Options{})
	portal.Edit(func(st *sandbox.State) {
		for i := range 5 {
			st.AddCustomer(fmt.Sprint("Customer ", i))
		}
	})
	server := httptest.NewServer(portal)
	defer server.Close()
	client, err := uniview.New(uniview.Config{
		APIURL: server.URL, TokenURL: server.URL + "/connect/token", ClientID: "sandbox", ClientSecret: "sandbox-secret",
		PageSize: 2, HTTP: vendorhttp.Options{AllowInsecure: true},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	var stored uniview.State
	for done := false; !done; {
		pager := client.CustomersPager().Resume(stored)
		var items []uniview.Customer
		if items, done, err = pager.Next(context.Background()); err != nil {
			fmt.Println(err)
			return
		}
		stored = pager.State()
		fmt.Println(len(items), stored.Page, stored.Count, stored.Total)
	}
	// Output:
	// 2 1 2 5
	// 2 2 4 5
	// 1 3 5 5
}

// Finds out which machine an alert is about, which the alert does not say.
func ExampleAttributor() {
	portal := sandbox.New(sandbox.Options{})
	portal.Edit(func(st *sandbox.State) {
		customer := st.AddCustomer("Hafen Apotheke")
		appliance := st.AddAppliance(sandbox.Appliance{CustomerID: customer.ID})
		st.AddAsset(sandbox.Asset{AssetTag: appliance.AssetTag, Name: "SRV-DC01"})
		sql := st.AddAsset(sandbox.Asset{AssetTag: appliance.AssetTag, Name: "SRV-SQL01"})
		st.AddAlert(sandbox.Alert{Type: "conditional", Severity: "alarm", AssetKey: sql.Key, Message: "The asset backup was not created for the last 24 hour(s)."})
	})
	server := httptest.NewServer(portal)
	defer server.Close()
	client, err := uniview.New(uniview.Config{
		APIURL: server.URL, TokenURL: server.URL + "/connect/token", ClientID: "sandbox", ClientSecret: "sandbox-secret",
		HTTP: vendorhttp.Options{AllowInsecure: true},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	assets, err := client.ListAssets(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	alerts, err := client.ListAlerts(ctx, uniview.AlertQuery{Type: uniview.TypeConditional})
	if err != nil {
		fmt.Println(err)
		return
	}
	attributor := client.NewAttributor(20) // keep it: it remembers
	keys, left, err := attributor.Attribute(ctx, alerts, assets)
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, alert := range alerts {
		for _, a := range assets {
			if a.Key == keys[i] {
				fmt.Println(a.Name, alert.Severity, left)
			}
		}
	}
	// Output: SRV-SQL01 alarm 0
}

package itglue_test

import (
	"context"
	"fmt"
	"net/http"

	"uniview-bridge/pkg/itglue"
	"uniview-bridge/pkg/itglue/sandbox"
	"uniview-bridge/pkg/vendorhttp"
)

// sampleClient is a client of a simulated account; leave HTTP out to reach the real one.
func sampleClient() (*itglue.Client, error) {
	account := sandbox.New(sandbox.Options{APIKey: "ITG.example"})
	account.Edit((*sandbox.State).AddSample)
	return itglue.New(itglue.Config{
		Region: "us", APIKey: "ITG.example",
		HTTP: vendorhttp.Options{HTTP: &http.Client{Transport: account.Transport()}},
	})
}

// Makes a flexible asset type and an asset in each organization.
func Example() {
	account := sandbox.New(sandbox.Options{APIKey: "ITG.example"})
	account.Edit(func(s *sandbox.State) { s.AddOrganization(sandbox.Organization{Name: "Alpine Dental"}) })

	ctx := context.Background()
	client, err := itglue.New(itglue.Config{
		Region: "us", APIKey: "ITG.example",
		HTTP: vendorhttp.Options{HTTP: &http.Client{Transport: account.Transport()}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	typ, err := client.EnsureFlexibleAssetType(ctx, itglue.TypeSpec{Name: "Backup", Fields: []itglue.FieldSpec{
		{Name: "Machine", Kind: itglue.KindText, UseForTitle: true, ShowInList: true},
		{Name: "Status", Kind: itglue.KindSelect, Options: []string{"Success", "Failed"}, UseForTitle: true},
		{Name: "Key", Kind: itglue.KindText},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	machine, _ := typ.Key("Machine")
	status, _ := typ.Key("Status")
	key, _ := typ.Key("Key")

	organizations, err := client.ListOrganizations(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, o := range organizations {
		results, err := client.CreateFlexibleAssets(ctx, o.ID, []itglue.FlexibleAssetWrite{
			{TypeID: typ.ID, KeyTrait: key, Traits: map[string]any{machine: "SRV01", status: "Success", key: "a1"}},
			{TypeID: typ.ID, KeyTrait: key, Traits: map[string]any{machine: "SRV02", status: "On fire", key: "a2"}},
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, r := range results {
			if r.Err != nil {
				fmt.Println(o.Name, "refused:", vendorhttp.IsInvalid(r.Err))
				continue
			}
			fmt.Println(o.Name, "has", r.Asset.Name)
		}
	}
	// Output:
	// Alpine Dental has SRV01 Success
	// Alpine Dental refused: true
}

// Reads machines with the addresses of all three places, and stops at the first error.
func ExamplePager_All() {
	client, err := sampleClient()
	if err != nil {
		fmt.Println(err)
		return
	}
	live := false
	for c, err := range client.ConfigurationsPager(itglue.ConfigurationQuery{OrganizationID: "1002", Archived: &live}).All(context.Background()) {
		if err != nil {
			fmt.Println(err)
			return
		}
		addresses := []string{c.MAC}
		for _, i := range c.Interfaces {
			addresses = append(addresses, i.MAC)
		}
		for _, r := range c.RMM {
			addresses = append(addresses, r.MACs...)
		}
		fmt.Println(c.OrganizationName, c.Name, c.Synced(), addresses)
	}
	// Output:
	// Baltic Freight, Inc. SRV-DC01 true [00:15:5D:01:10:00 00:15:5D:01:10:00 0015.5D01.1A00]
	// Baltic Freight, Inc. SRV-SQL01 true [ 00-15-5D-01-10-01]
}

// Looks a type up by name, makes a machine of it, and meets a record that the PSA keeps.
func ExampleClient_UpdateConfiguration() {
	client, err := sampleClient()
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	types, err := client.ListConfigurationTypes(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	typ, err := itglue.ByName(types, "backup only")
	if err != nil {
		fmt.Println(err)
		return
	}
	made, err := client.CreateConfiguration(ctx, "1001", itglue.ConfigurationWrite{Name: "SRV-NEW", TypeID: typ.ID})
	fmt.Println(made.ID, made.TypeName, err)

	host := "srv-dc01.example"
	_, err = client.UpdateConfiguration(ctx, "1000004", itglue.ConfigurationUpdate{Hostname: &host})
	fmt.Println("the PSA keeps it:", itglue.IsSynced(err))
	_, err = client.UpdateConfigurationNotes(ctx, "1000004", "backed up")
	fmt.Println("notes are taken:", err == nil)
	// Output:
	// 1000010 Backup only <nil>
	// the PSA keeps it: true
	// notes are taken: true
}

// Updates an asset without losing what people added to it.
func ExampleMergeTraits() {
	current := map[string]any{
		"machine": "SRV01", "status": "Failed", "contract": "gold",
		"see-also": map[string]any{"type": "Contacts", "values": []any{map[string]any{"id": "7", "name": "Ada"}}},
	}
	merged := itglue.MergeTraits(current, map[string]any{"machine": "SRV01", "status": "Success"}, []string{"machine", "status"})
	fmt.Println(merged["status"], merged["contract"], merged["see-also"])
	// Output: Success gold [7]
}

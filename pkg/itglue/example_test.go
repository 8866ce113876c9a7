package itglue_test

import (
	"context"
	"fmt"
	"net/http"

	"uniview-bridge/pkg/itglue"
	"uniview-bridge/pkg/itglue/sandbox"
	"uniview-bridge/pkg/vendorhttp"
)

func Example() {
	// A simulated account; leave HTTP out to reach the real one.
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

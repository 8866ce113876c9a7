package connectwise_test

import (
	"context"
	"fmt"
	"net/http"

	"uniview-bridge/pkg/connectwise"
	"uniview-bridge/pkg/connectwise/sandbox"
	"uniview-bridge/pkg/vendorhttp"
)

// A ticket is opened with a reference of our own. When the answer is lost, the
// reference finds out whether the ticket exists.
func Example() {
	vendor := sandbox.New(sandbox.Options{}) // in place of a real ConnectWise
	vendor.Edit(func(st *sandbox.State) { st.AddStandardSetup() })
	vendor.Inject(sandbox.Fault{Op: "create ticket", Kind: sandbox.ResetAfter, Times: 1})

	client, err := connectwise.New(connectwise.Config{
		InstanceURL: "https://na.myconnectwise.net/v4_6_release", // any spelling
		CompanyID:   sandbox.Defaults.CompanyID,
		PublicKey:   sandbox.Defaults.PublicKey,
		PrivateKey:  sandbox.Defaults.PrivateKey,
		ClientID:    sandbox.Defaults.ClientID,
		HTTP:        &http.Client{Transport: vendor.Transport()},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	companies, err := client.ListCompanies(ctx, connectwise.CompanyQuery{})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.CreateTicket(ctx, connectwise.TicketWrite{
		Summary: "Backup failed on SRV01", CompanyID: companies[0].ID, ExternalXRef: "uv-5f1c", Description: "The last backup failed.",
	})
	if vendorhttp.IsUncertain(err) {
		fmt.Println("the answer was lost")
		found, err := client.FindTickets(ctx, "uv-5f1c")
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, t := range found {
			fmt.Println(t.Summary, "|", t.StatusName, "|", client.TicketURL(t.ID))
		}
	}
	// Output:
	// the answer was lost
	// Backup failed on SRV01 | New | https://na.myconnectwise.net/v4_6_release/services/system_io/Service/fv_sr100_request.rails?service_recid=1001&companyName=demo
}

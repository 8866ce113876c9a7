package connectwise_test

import (
	"bytes"
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

// exampleClient is a client of a simulated ConnectWise with some state.
func exampleClient(edit func(*sandbox.State)) (*connectwise.Client, *sandbox.Server) {
	vendor := sandbox.New(sandbox.Options{})
	vendor.Edit(func(st *sandbox.State) { st.AddStandardSetup(); edit(st) })
	client, err := connectwise.New(connectwise.Config{
		InstanceURL: "na", CompanyID: sandbox.Defaults.CompanyID, PublicKey: sandbox.Defaults.PublicKey,
		PrivateKey: sandbox.Defaults.PrivateKey, ClientID: sandbox.Defaults.ClientID,
		HTTP: &http.Client{Transport: vendor.Transport()},
	})
	if err != nil {
		panic(err)
	}
	return client, vendor
}

// Any spelling of the address people sign in at will do.
func ExampleParseAddress() {
	for _, text := range []string{"na", "HTTP://NA.myconnectwise.net/v4_6_release/apis/3.0", "cw.example.com:8443/login", "localhost"} {
		a, err := connectwise.ParseAddress(text, false)
		fmt.Println(a.Site, a.API, err)
	}
	// Output:
	// na.myconnectwise.net api-na.myconnectwise.net <nil>
	// na.myconnectwise.net api-na.myconnectwise.net <nil>
	// cw.example.com:8443 cw.example.com:8443 <nil>
	//   the ConnectWise address points at this machine: enter the public host name of ConnectWise
}

// Text can never become a part of the expression.
func ExampleWhere() {
	fmt.Println(connectwise.And(
		connectwise.Where("board/id", connectwise.Equal, connectwise.Number(5)),
		connectwise.Where("externalXRef", connectwise.Like, connectwise.Prefix("uv-")),
	).Build())
	fmt.Println(connectwise.Where("summary", connectwise.Equal, connectwise.Text(`" or id>0 or summary="`)).Build())
	// Output:
	// (board/id=5 and externalXRef like "uv-%") <nil>
	//  summary: condition refused: text with a quote, backslash, asterisk or control character
}

// A list is read page by page, and an error ends it.
func ExamplePager_All() {
	client, _ := exampleClient(func(st *sandbox.State) { st.AddCompany("Contoso"); st.DeleteCompany(st.AddCompany("Gone")) })
	for company, err := range client.CompaniesPager(connectwise.CompanyQuery{IncludeDeleted: true}).All(context.Background()) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(company.Name, company.Deleted)
	}
	// Output:
	// Demo MSP false
	// Contoso false
	// Gone true
}

// A ticket is closed by a closing status of the board it is on now.
func ExampleClient_CloseTicket() {
	var id int
	client, _ := exampleClient(func(st *sandbox.State) { id = st.AddTicket(st.AddCompany("Contoso"), "Backup failed", "tech1") })
	ctx := context.Background()
	ticket, err := client.GetTicket(ctx, id)
	if err != nil {
		fmt.Println(err)
		return
	}
	statuses, err := client.ListStatuses(ctx, ticket.BoardID)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range statuses {
		if s.Closed && !s.Inactive {
			ticket, err = client.CloseTicket(ctx, id, s.ID)
			break
		}
	}
	fmt.Println(ticket.StatusName, ticket.Closed, err)
	// Output:
	// >Closed true <nil>
}

// A role that lacks a right is told in the words of the security role's table.
func ExampleClient_CheckPermissions() {
	client, _ := exampleClient(func(st *sandbox.State) { st.ClosedTables = []string{"priorities"} })
	for _, r := range client.CheckPermissions(context.Background()) {
		if r.Verdict != connectwise.CouldNotTell && !r.Extra {
			fmt.Printf("%s > %s > %s: %s, %s\n", r.Section, r.Name, r.Level, r.Verdict, r.Detail)
		}
	}
	// Output:
	// Companies > Company Maintenance > inquire: granted, read with success
	// Service Desk > Service Tickets > inquire: granted, read with success
	// System > Table Setup > inquire: missing, ConnectWise refused these setup tables: priorities
}

// A callback is verified over the bytes that came, before anything in it is
// believed; then the record is read.
func ExampleClient_VerifyCallback() {
	var id int
	var body []byte
	var signature string
	client, _ := exampleClient(func(st *sandbox.State) {
		id = st.AddTicket(st.AddCompany("Contoso"), "Backup failed", "tech1")
		body, signature = st.SignedCallback("https://na.myconnectwise.net", "updated", id)
	})
	callback, err := client.VerifyCallback(context.Background(), body, signature)
	fmt.Println(callback.Action, callback.Type, callback.RecordID, err)
	body = bytes.Replace(body, []byte("updated"), []byte("deleted"), 1)
	_, err = client.VerifyCallback(context.Background(), body, signature)
	fmt.Println(err)
	// Output:
	// updated ticket 1001 <nil>
	// callback refused: the signature does not fit the body
}

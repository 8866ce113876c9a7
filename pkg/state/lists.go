package state

// The lists kept as snapshots, with the type of their records.
const (
	ListCustomers      = "uniview.customers"      // backup.Customer
	ListAppliances     = "uniview.appliances"     // backup.Appliance
	ListAssets         = "uniview.assets"         // backup.Asset, family appliance
	ListEndpoints      = "uniview.endpoints"      // backup.Asset, family endpoint
	ListHistory        = "uniview.history"        // what looks at machines' backup histories told
	ListAlerts         = "uniview.alerts"         // alert.Alert, undismissed, and those just confirmed as dismissed
	ListOrganizations  = "itglue.organizations"   // match.Organization
	ListConfigurations = "itglue.configurations"  // match.Configuration
	ListPublished      = "itglue.flexible-assets" // our flexible assets as IT Glue has them
	ListCompanies      = "connectwise.companies"  // match.Company
	ListTickets        = "connectwise.tickets"    // alert.Ticket, ours
)

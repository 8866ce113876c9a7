// Package connectwise is a client for the part of the ConnectWise PSA (Manage)
// REST API that a ticketing integration needs: companies, boards with their
// statuses and types, priorities, sources, sites, and service tickets with
// their notes and configurations.
//
// The rules it keeps, in plain words:
//
//   - Any spelling of the instance address is accepted; only the host is kept,
//     and cloud hosts are called at their api- name over https.
//   - Every call carries Basic authentication and the clientId.
//   - Calls go to the stable code base v4_6_release. When the gateway does not
//     know it, the code base is discovered from companyinfo and used from then
//     on. Only answers that prove the request was never executed are repeated.
//   - Lists are read forward-only: the id of the next page is taken from the
//     Link header and put on an address of our own, so credentials never follow
//     a link to another host.
//   - Conditions can only be made by the builder in this package; text that
//     could end a literal is refused.
//   - A write is never repeated. A create without a readable answer is an error
//     whose Uncertain field is true: search by ExternalXRef before trying again.
//   - A status change is believed only when the answer shows it.
//   - Nothing is deleted: the client has no such call.
//   - Updates and notes do not send notifications unless asked to.
//
// All errors that come from the vendor are *vendorhttp.Error.
package connectwise

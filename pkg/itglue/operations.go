package itglue

import (
	"fmt"
	"net/http"
	"strings"

	"uniview-bridge/pkg/vendorhttp"
)

// Everything that the client can send is a row of one of two tables. A [reading] is a GET and may carry a query; a
// [writing] is a POST or a PATCH and has no place for one, so that a filter on a write cannot be expressed
// (itglue.md §0.6), and there is no verb that deletes.
type (
	reading int
	writing int
)

// A verb is the method of a write.
type verb string

const (
	create verb = http.MethodPost
	update verb = http.MethodPatch
)

// The reads.
const (
	testConnection reading = iota
	listOrganizations
	getOrganization
	listOrganizationTypes
	listOrganizationStatuses
	listConfigurations
	getConfiguration
	listConfigurationTypes
	listConfigurationStatuses
	findFlexibleAssetType
	listFlexibleAssetFields
	listFlexibleAssets
	getFlexibleAsset
)

// readings hold for each read its name in errors and its route in the vendor's notation.
var readings = [...]struct{ name, route string }{
	testConnection:            {"test connection", "/organizations"},
	listOrganizations:         {"list organizations", "/organizations"},
	getOrganization:           {"get organization", "/organizations/:id"},
	listOrganizationTypes:     {"list organization types", "/organization_types"},
	listOrganizationStatuses:  {"list organization statuses", "/organization_statuses"},
	listConfigurations:        {"list configurations", "/configurations"},
	getConfiguration:          {"get configuration", "/configurations/:id"},
	listConfigurationTypes:    {"list configuration types", "/configuration_types"},
	listConfigurationStatuses: {"list configuration statuses", "/configuration_statuses"},
	findFlexibleAssetType:     {"find flexible asset type", "/flexible_asset_types"},
	listFlexibleAssetFields:   {"list flexible asset fields", "/flexible_asset_types/:flexible_asset_type_id/relationships/flexible_asset_fields"},
	listFlexibleAssets:        {"list flexible assets", "/flexible_assets"},
	getFlexibleAsset:          {"get flexible asset", "/flexible_assets/:id"},
}

// The writes.
const (
	createOrganization writing = iota
	updateOrganizationAlert
	createConfiguration
	updateConfiguration
	createFlexibleAssetType
	addFlexibleAssetFields
	addFieldOptions
	createFlexibleAssets
	updateFlexibleAssets
)

// writings hold the same for each write, and its verb. Flexible assets are created in bulk below their organization and
// updated in bulk on their own (itglue.md §9.2).
var writings = [...]struct {
	name  string
	verb  verb
	route string
}{
	createOrganization:      {"create organization", create, "/organizations"},
	updateOrganizationAlert: {"update organization alert", update, "/organizations/:id"},
	createConfiguration:     {"create configuration", create, "/organizations/:organization_id/relationships/configurations"},
	updateConfiguration:     {"update configuration", update, "/configurations/:id"},
	createFlexibleAssetType: {"create flexible asset type", create, "/flexible_asset_types"},
	addFlexibleAssetFields:  {"add flexible asset fields", create, "/flexible_asset_types/:flexible_asset_type_id/relationships/flexible_asset_fields"},
	addFieldOptions:         {"add options to a flexible asset field", update, "/flexible_asset_fields/:id"},
	createFlexibleAssets:    {"create flexible assets", create, "/organizations/:organization_id/relationships/flexible_assets"},
	updateFlexibleAssets:    {"update flexible assets", update, "/flexible_assets"},
}

func (op reading) String() string { return readings[op].name }
func (op writing) String() string { return writings[op].name }

// fail is an error of the client's own about an operation.
func fail(op fmt.Stringer, kind vendorhttp.Kind, format string, args ...any) *vendorhttp.Error {
	return vendorhttp.NewError(vendor, op.String(), kind, 0, fmt.Sprintf(format, args...))
}

// fill puts ids into a route, in their order. They are checked here, so that nothing but numbers gets into an address.
func fill(op fmt.Stringer, route string, ids []string) (string, error) {
	members := strings.Split(strings.TrimPrefix(route, "/"), "/")
	for i, m := range members {
		name, ok := strings.CutPrefix(m, ":")
		if !ok {
			continue
		}
		if len(ids) == 0 {
			return "", fail(op, vendorhttp.Invalid, "the %s is missing", name)
		}
		if err := checkID(op, strings.ReplaceAll(name, "_", " "), ids[0]); err != nil {
			return "", err
		}
		members[i], ids = ids[0], ids[1:]
	}
	if len(ids) > 0 {
		return "", fail(op, vendorhttp.Invalid, "there are ids left over")
	}
	return strings.Join(members, "/"), nil
}

// checkID refuses ids that are not IT Glue's: they are numbers, and they become part of addresses and filters.
func checkID(op fmt.Stringer, what, id string) error {
	if id != "" && len(id) <= 20 && strings.Trim(id, "0123456789") == "" {
		return nil
	}
	return fail(op, vendorhttp.Invalid, "%s %q is not a number", what, id)
}

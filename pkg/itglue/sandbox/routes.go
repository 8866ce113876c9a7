package sandbox

import (
	"strconv"
	"strings"
)

type handler func(*request) (answer, error)

// routes are all that the sandbox knows; anything else is 404.
var routes = map[string]handler{
	"GET /organizations":       listOrganizations,
	"GET /organizations/:id":   showOrganization,
	"POST /organizations":      createOrganization,
	"PATCH /organizations/:id": updateOrganization,
	"PATCH /organizations":     updateOrganizations,

	"GET /organization_types":          namedList(organizationTypes),
	"GET /organization_types/:id":      namedShow(organizationTypes),
	"POST /organization_types":         namedCreate(organizationTypes),
	"PATCH /organization_types/:id":    namedUpdate(organizationTypes),
	"GET /organization_statuses":       namedList(organizationStatuses),
	"GET /organization_statuses/:id":   namedShow(organizationStatuses),
	"POST /organization_statuses":      namedCreate(organizationStatuses),
	"PATCH /organization_statuses/:id": namedUpdate(organizationStatuses),

	"GET /configuration_types":          namedList(configurationTypes),
	"GET /configuration_types/:id":      namedShow(configurationTypes),
	"POST /configuration_types":         namedCreate(configurationTypes),
	"GET /configuration_statuses":       namedList(configurationStatuses),
	"GET /configuration_statuses/:id":   namedShow(configurationStatuses),
	"POST /configuration_statuses":      namedCreate(configurationStatuses),
	"PATCH /configuration_types/:id":    namedUpdate(configurationTypes),
	"PATCH /configuration_statuses/:id": namedUpdate(configurationStatuses),

	"GET /configurations":       listConfigurations,
	"GET /configurations/:id":   showConfiguration,
	"POST /configurations":      createConfiguration,
	"PATCH /configurations/:id": updateConfiguration,
	"PATCH /configurations":     updateConfigurations,

	"GET /organizations/:organization_id/relationships/configurations":       listConfigurations,
	"GET /organizations/:organization_id/relationships/configurations/:id":   showConfiguration,
	"POST /organizations/:organization_id/relationships/configurations":      createConfigurations,
	"PATCH /organizations/:organization_id/relationships/configurations/:id": updateConfiguration,

	"GET /configurations/:configuration_id/relationships/configuration_interfaces": listInterfaces,

	"GET /flexible_asset_types":       listTypes,
	"GET /flexible_asset_types/:id":   showType,
	"POST /flexible_asset_types":      createType,
	"PATCH /flexible_asset_types/:id": updateType,

	"GET /flexible_asset_types/:flexible_asset_type_id/relationships/flexible_asset_fields":  listFields,
	"POST /flexible_asset_types/:flexible_asset_type_id/relationships/flexible_asset_fields": createFields,
	"GET /flexible_asset_fields/:id":   showField,
	"PATCH /flexible_asset_fields/:id": updateField,

	"GET /flexible_assets":       listAssets,
	"GET /flexible_assets/:id":   showAsset,
	"POST /flexible_assets":      createAsset,
	"PATCH /flexible_assets/:id": updateAsset,
	"PATCH /flexible_assets":     updateAssets,

	"POST /organizations/:organization_id/relationships/flexible_assets": createAssets,
}

// patterns are the routes' path members, split once.
var patterns = func() map[string][]string {
	out := make(map[string][]string, len(routes))
	for route := range routes {
		method, path, _ := strings.Cut(route, " ")
		out[route] = append([]string{method}, strings.Split(strings.TrimPrefix(path, "/"), "/")...)
	}
	return out
}()

// Routes returns the routes that the sandbox knows, in the vendor's notation.
func Routes() []string {
	out := make([]string, 0, len(routes))
	for route := range routes {
		out = append(out, route)
	}
	return out
}

// route finds the request's handler, and fills its op and ids; nil for an unknown route.
func (rq *request) route() func(*request) (answer, error) {
	have := append([]string{rq.method}, strings.Split(strings.TrimPrefix(rq.path, "/"), "/")...)
	for route, want := range patterns {
		if ids, ok := matchRoute(want, have); ok {
			rq.op, rq.ids = route, ids
			_, rq.nested = ids["organization_id"]
			return routes[route]
		}
	}
	return nil
}

func matchRoute(want, have []string) (map[string]int64, bool) {
	if len(want) != len(have) {
		return nil, false
	}
	var ids map[string]int64
	for i := range want {
		if name, ok := strings.CutPrefix(want[i], ":"); ok {
			id, err := strconv.ParseInt(have[i], 10, 64)
			if err != nil || id <= 0 {
				return nil, false
			}
			if ids == nil {
				ids = map[string]int64{}
			}
			ids[name] = id
		} else if want[i] != have[i] {
			return nil, false
		}
	}
	return ids, true
}

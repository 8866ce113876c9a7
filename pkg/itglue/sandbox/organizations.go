package sandbox

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// wireOrganization is an organization's attributes. Ids inside attributes are numbers, but parent-id is a string and
// ancestor-ids a string that holds a list (itglue.md §1.3).
type wireOrganization struct {
	Name        string  `json:"name"`
	Alert       *string `json:"alert"`
	Description *string `json:"description"`
	TypeID      *int64  `json:"organization-type-id"`
	TypeName    *string `json:"organization-type-name"`
	StatusID    *int64  `json:"organization-status-id"`
	StatusName  *string `json:"organization-status-name"`
	Primary     bool    `json:"primary"`
	Logo        *string `json:"logo"`
	QuickNotes  *string `json:"quick-notes"`
	ShortName   *string `json:"short-name"`
	ParentID    *string `json:"parent-id"`
	AncestorIDs *string `json:"ancestor-ids"`
	MyGlue      bool    `json:"my-glue"`
	CreatedAt   string  `json:"created-at"`
	UpdatedAt   string  `json:"updated-at"`
}

type wireAdapter struct {
	TypeName string `json:"adapter-type-name"`
	RemoteID string `json:"remote-id"`
	Sync     bool   `json:"sync"`
	Orphaned bool   `json:"orphaned"`
}

func adapterRecords(adapters []Adapter) []wireRecord {
	out := make([]wireRecord, 0, len(adapters))
	for _, a := range adapters {
		out = append(out, wireRecord{ID: id(a.ID), Type: "adapters-resources", Attributes: wireAdapter{a.TypeName, a.RemoteID, a.Sync, a.Orphaned}})
	}
	return out
}

const quickNotesCut = 250 // in lists (itglue.md §9.11)

func organizationRecord(rq *request, o *Organization, includes []string) (wireRecord, []wireRecord) {
	w := wireOrganization{
		Name: o.Name, Alert: textOrNull(o.Alert), Description: textOrNull(o.Description), Primary: o.Primary,
		TypeID: idOrNull(o.TypeID), TypeName: nameOrNull(rq.st.OrganizationTypes, o.TypeID),
		StatusID: idOrNull(o.StatusID), StatusName: nameOrNull(rq.st.OrganizationStatuses, o.StatusID),
		QuickNotes: textOrNull(o.QuickNotes), ShortName: textOrNull(o.ShortName),
		CreatedAt: stamp(o.CreatedAt), UpdatedAt: stamp(o.UpdatedAt),
	}
	if notes := []rune(o.QuickNotes); rq.op == "GET /organizations" && len(notes) > quickNotesCut {
		w.QuickNotes = textOrNull(string(notes[:quickNotesCut]))
	}
	if o.ParentID != 0 {
		parent := id(o.ParentID)
		w.ParentID = &parent
		var ancestors []string
		for at := o.ParentID; at != 0 && len(ancestors) < 10; {
			ancestors = append([]string{id(at)}, ancestors...)
			up := rq.st.Organizations[at]
			if up == nil {
				break
			}
			at = up.ParentID
		}
		list := "[" + strings.Join(ancestors, ",") + "]"
		w.AncestorIDs = &list
	}
	r := wireRecord{ID: id(o.ID), Type: "organizations", Attributes: w}
	var included []wireRecord
	if slices.Contains(includes, "adapters_resources") {
		included = adapterRecords(o.Adapters)
		r.Relationships = map[string]any{"adapters-resources": refs(included)}
	}
	return r, included
}

func nameOrNull(m map[int64]*Named, id int64) *string {
	if n := m[id]; n != nil {
		return &n.Name
	}
	return nil
}

var organizations = listing[*Organization]{
	filters: map[string]func(*Organization, string) bool{
		"id":                     func(o *Organization, v string) bool { return idIs(o.ID, v) },
		"name":                   func(o *Organization, v string) bool { return o.Name == v },
		"organization_type_id":   func(o *Organization, v string) bool { return idIs(o.TypeID, v) },
		"organization_status_id": func(o *Organization, v string) bool { return idIs(o.StatusID, v) },
		"primary":                func(o *Organization, v string) bool { return flagIs(o.Primary, v) },
		"psa_integration_type":   func(o *Organization, v string) bool { return psaType(o.Adapters, v) },
		"psa_id": func(o *Organization, v string) bool {
			return slices.ContainsFunc(o.Adapters, func(a Adapter) bool { return a.RemoteID == v })
		},
		"created_at":                      func(o *Organization, v string) bool { return within(o.CreatedAt, v) },
		"updated_at":                      func(o *Organization, v string) bool { return within(o.UpdatedAt, v) },
		"exclude][id":                     func(o *Organization, v string) bool { return !idIs(o.ID, v) },
		"exclude][name":                   func(o *Organization, v string) bool { return o.Name != v },
		"exclude][organization_type_id":   func(o *Organization, v string) bool { return !idIs(o.TypeID, v) },
		"exclude][organization_status_id": func(o *Organization, v string) bool { return !idIs(o.StatusID, v) },
	},
	enums:  map[string][]string{"psa_integration_type": psaTypes, "primary": flags},
	unkept: []string{"my_glue_account_id", "group_id", "range][my_glue_account_id"},
	sorts: map[string]func(a, b *Organization) int{
		"name":       byText(func(o *Organization) string { return o.Name }),
		"short_name": byText(func(o *Organization) string { return o.ShortName }),
		"id":         byNumber(func(o *Organization) int64 { return o.ID }),
		"created_at": byTime(func(o *Organization) time.Time { return o.CreatedAt }),
		"updated_at": byTime(func(o *Organization) time.Time { return o.UpdatedAt }),

		"my_glue_account_id": byNumber(func(*Organization) int64 { return 0 }),
	},
	includes: []string{"adapters_resources", "attachments", "rmm_companies"},
	wire:     organizationRecord,
}

// psaTypes are the values of filter[psa_integration_type] (itglue.md §3.1).
var psaTypes = []string{"manage", "autotask", "tigerpaw", "kaseya-bms", "pulseway-psa", "vorex"}

// psaType matches the filter's words with the adapters' names.
func psaType(adapters []Adapter, v string) bool {
	return slices.ContainsFunc(adapters, func(a Adapter) bool {
		name := strings.ToLower(a.TypeName)
		return strings.Contains(name, v) || (v == "manage" && strings.Contains(name, "connectwise"))
	})
}

// pair refuses another system's id without that system's type (itglue.md §9.5).
func (rq *request) pair(system string) error {
	if !rq.nested && rq.query.Get("filter["+system+"_id]") != "" && rq.query.Get("filter["+system+"_integration_type]") == "" {
		return badRequest("filter["+system+"_id] must be accompanied by filter["+system+"_integration_type]", "")
	}
	return nil
}

func listOrganizations(rq *request) (answer, error) {
	if err := rq.pair("psa"); err != nil {
		return answer{}, err
	}
	l := organizations
	l.sorts = maps.Clone(l.sorts)
	for key, name := range map[string]func(*Organization) *string{
		"organization_type_name":   func(o *Organization) *string { return nameOrNull(rq.st.OrganizationTypes, o.TypeID) },
		"organization_status_name": func(o *Organization) *string { return nameOrNull(rq.st.OrganizationStatuses, o.StatusID) },
	} {
		l.sorts[key] = byText(func(o *Organization) string {
			if n := name(o); n != nil {
				return *n
			}
			return ""
		})
	}
	return l.list(rq, sorted(rq.st.Organizations))
}

func showOrganization(rq *request) (answer, error) {
	o := rq.st.Organizations[rq.ids["id"]]
	if o == nil {
		return answer{}, notFound("organization")
	}
	return organizations.show(rq, o)
}

var organizationAttributes = map[string]valueKind{
	"name": text, "alert": text, "description": text, "organization_type_id": number, "organization_status_id": number,
	"quick_notes": text, "short_name": text, "parent_id": number,
}

// syncedOrganization are the attributes that a synced organization accepts (itglue.md §3.3).
var syncedOrganization = []string{"alert", "description", "quick_notes"}

func withID(attrs map[string]valueKind) map[string]valueKind {
	out := maps.Clone(attrs)
	out["id"] = number
	return out
}

func createOrganization(rq *request) (answer, error) {
	list, _, err := rq.elements("organizations", false, true)
	if err != nil {
		return answer{}, err
	}
	o := Organization{CreatedAt: rq.now}
	if err := list[0].applyOrganization(rq, &o); err != nil {
		return answer{}, err
	}
	return organizations.one(rq, http.StatusCreated, rq.st.AddOrganization(o), nil)
}

func (e element) applyOrganization(rq *request, o *Organization) error {
	if err := e.check(withID(organizationAttributes)); err != nil {
		return err
	}
	next := *o
	e.set("name", &next.Name)
	e.set("alert", &next.Alert)
	e.set("description", &next.Description)
	e.set("organization_type_id", &next.TypeID)
	e.set("organization_status_id", &next.StatusID)
	e.set("quick_notes", &next.QuickNotes)
	e.set("short_name", &next.ShortName)
	e.set("parent_id", &next.ParentID)
	switch {
	case strings.TrimSpace(next.Name) == "":
		return unprocessable("name", "can't be blank")
	case next.TypeID != 0 && rq.st.OrganizationTypes[next.TypeID] == nil:
		return unprocessable("organization-type", "must exist")
	case next.StatusID != 0 && rq.st.OrganizationStatuses[next.StatusID] == nil:
		return unprocessable("organization-status", "must exist")
	case next.ParentID != 0 && rq.st.Organizations[next.ParentID] == nil:
		return unprocessable("parent", "must exist")
	}
	next.UpdatedAt = rq.now
	*o = next
	return nil
}

func updateOrganization(rq *request) (answer, error) {
	list, _, err := rq.elements("organizations", false, true)
	if err != nil {
		return answer{}, err
	}
	o := rq.st.Organizations[rq.ids["id"]]
	if o == nil {
		return answer{}, notFound("organization")
	}
	if err := list[0].updateOrganization(rq, o); err != nil {
		return answer{}, err
	}
	return organizations.one(rq, http.StatusOK, o, nil)
}

func (e element) updateOrganization(rq *request, o *Organization) error {
	if o.Synced() {
		if err := e.onlySynced(syncedOrganization); err != nil {
			return err
		}
	}
	return e.applyOrganization(rq, o)
}

// onlySynced refuses attributes that the PSA owns (itglue.md §9.8).
func (e element) onlySynced(writable []string) error {
	for name := range e.attrs {
		if name != "id" && !slices.Contains(writable, name) {
			return refuse(http.StatusUnprocessableEntity, "Unprocessable Entity",
				"cannot update "+name+" of an externally synced record", "data/attributes/"+name)
		}
	}
	return nil
}

func updateOrganizations(rq *request) (answer, error) {
	return bulkUpdate(rq, "organizations", organizations, rq.st.Organizations, element.updateOrganization)
}

// bulkUpdate applies an array of updates whose ids are inside attributes: all or none, or the good ones when the sandbox
// is told so.
func bulkUpdate[T any](rq *request, kind string, l listing[*T], all map[int64]*T, update func(element, *request, *T) error) (answer, error) {
	list, _, err := rq.elements(kind, true, false)
	if err != nil {
		return answer{}, err
	}
	var failed error
	staged := map[int64]*T{}
	var order []int64
	for _, e := range list {
		row := all[e.id("id")]
		err := error(nil)
		switch {
		case !e.has("id"):
			err = badRequest("id is missing from attributes", "/data/attributes/id")
		case row == nil:
			err = notFound(kind)
		default:
			next := *row
			if earlier := staged[e.id("id")]; earlier != nil {
				next = *earlier
			} else {
				order = append(order, e.id("id"))
			}
			if err = update(e, rq, &next); err == nil {
				staged[e.id("id")] = &next
			}
		}
		if err != nil && failed == nil {
			failed = err
		}
	}
	if failed != nil && !rq.s.o.PartialBulk {
		return answer{}, failed
	}
	rows := make([]*T, 0, len(order))
	for _, n := range order {
		if staged[n] != nil {
			*all[n] = *staged[n]
			rows = append(rows, all[n])
		}
	}
	if failed != nil {
		return answer{}, failed
	}
	return l.many(rq, http.StatusOK, rows)
}

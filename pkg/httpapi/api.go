package httpapi

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/connection"
	"uniview-bridge/pkg/connectwise"
	"uniview-bridge/pkg/httpapi/access"
	"uniview-bridge/pkg/httpapi/view"
	"uniview-bridge/pkg/plan"
	"uniview-bridge/pkg/review"
	"uniview-bridge/pkg/state"
)

// vendorTime is the most a request waits on a vendor (design §5).
const vendorTime = 20 * time.Second

// Connections are the vendor accounts; see connection.Keeper.
type Connections interface {
	List(ctx context.Context) ([]state.Connection, error)
	Store(ctx context.Context, kind state.Vendor, fields map[string]string, by string) (state.Connection, error)
	Forget(ctx context.Context, kind state.Vendor, by string) error
	Test(ctx context.Context, kind state.Vendor) (connection.TestResult, error)
}

// Syncs are the runs and the account's modes; see account.Service.
type Syncs interface {
	Request(ctx context.Context, scope state.Scope, target, by string) (runID string, err error)
	Cancel(ctx context.Context, runID, by string) error
	Approve(ctx context.Context, runID, digest, by string) error
	Plan(ctx context.Context, runID string) ([]plan.Change, error)
	GoLive(ctx context.Context, side state.Vendor, mode state.Mode, by string) error
}

// Deps is what the API stands on. All fields are needed but where it is said.
type Deps struct {
	Table       state.Table
	Letters     state.DeadLetters // nil: dead letters are neither seen nor replayed
	Connections Connections
	Syncs       Syncs
	Review      *review.Service
	Model       *view.Model
	// ConnectWise opens the connection for ticket options and test tickets.
	ConnectWise  state.Opener[*connectwise.Client]
	Installation string // names this installation in references
	Policy       access.Policy
	// Pages are the console's routes, and PageRefuse how they say no; without
	// them there is the API alone.
	Pages      []access.Route
	PageRefuse func(w http.ResponseWriter, r *http.Request, why access.Refusal)
	// Secure says that a request came by https; nil: it did when Go terminates TLS.
	Secure  func(r *http.Request) bool
	Now     func() time.Time
	Random  func() string
	Version string
	Log     *slog.Logger
}

type api struct {
	Deps
}

// New makes the handler of the API and the pages.
func New(d Deps) http.Handler {
	a := &api{d}
	gate := &access.Gate{Policy: d.Policy, Secure: d.Secure, Refuse: func(w http.ResponseWriter, r *http.Request, why access.Refusal) {
		if d.PageRefuse != nil && !isAPI(r) {
			d.PageRefuse(w, r, why)
			return
		}
		Refuse(w, r, why)
	}}
	return gate.Handler(append(a.routes(), d.Pages...)...)
}

// isAPI says whether programs, not people, read the answers at this address.
func isAPI(r *http.Request) bool {
	return r.URL.Path == "/healthz" || r.URL.Path == "/api" || strings.HasPrefix(r.URL.Path, "/api/")
}

// reply is what a handler answers: a JSON body, or raw bytes of another type.
type reply struct {
	status int
	body   any
	raw    []byte
	kind   string // content type of raw
	name   string // file name of raw, to be saved under
}

func ok(body any) reply { return reply{status: http.StatusOK, body: body} }

func accepted(body any) reply { return reply{status: http.StatusAccepted, body: body} }

func noContent() reply { return reply{status: http.StatusNoContent} }

// handle makes a handler of a function that answers or fails.
func (a *api) handle(f func(r *http.Request) (reply, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		out, err := f(r)
		if err != nil {
			a.fail(w, r, err)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			a.Model.Forget() // what is read next shows what was just done
		}
		if out.body == nil {
			if out.kind != "" {
				w.Header().Set("Content-Type", out.kind)
			}
			if out.name != "" {
				w.Header().Set("Content-Disposition", `attachment; filename="`+out.name+`"`)
			}
			w.WriteHeader(out.status)
			_, _ = w.Write(out.raw) // the sender may have gone
			return
		}
		body, err := json.Marshal(out.body)
		if err != nil {
			a.fail(w, r, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(out.status)
		_, _ = w.Write(append(body, '\n'))
	}
}

// by is who stands in the audit trail.
func by(r *http.Request) string { return access.From(r.Context()).Name }

func (a *api) route(method, path string, role access.Role, reach access.Reach, f func(r *http.Request) (reply, error)) access.Route {
	return access.Route{Method: method, Path: path, Role: role, Reach: reach, Handler: a.handle(f)}
}

// maxMapping bounds a mapping that is read in, in bytes: a function's request has
// at most 6 MB.
const maxMapping = 5 << 20

// routes is everything that can be asked for, by whom, and about whom: account-wide
// routes are closed to those who may see some customers only.
func (a *api) routes() []access.Route {
	const (
		get, put, post, del = http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete
		v1                  = "/api/v1"

		account, shared, customer, narrowed = access.Account, access.Shared, access.OneCustomer, access.Narrowed
	)
	r := a.route
	return []access.Route{
		r(get, "/healthz", access.Anyone, shared, a.healthz),
		r(get, v1+"/healthz", access.Anyone, shared, a.healthz),
		r(get, v1+"/openapi.json", access.Viewer, shared, a.openapi),

		r(get, v1+"/connections", access.Viewer, account, a.listConnections),
		r(get, v1+"/connections/{kind}", access.Viewer, account, a.getConnection),
		r(put, v1+"/connections/{kind}", access.Administrator, account, a.putConnection),
		r(del, v1+"/connections/{kind}", access.Administrator, account, a.deleteConnection),
		r(post, v1+"/connections/{kind}/test", access.Manager, account, a.testConnection),

		r(post, v1+"/sync", access.Manager, narrowed, a.sync),
		r(get, v1+"/runs", access.Viewer, account, a.listRuns),
		r(get, v1+"/runs/{id}", access.Viewer, narrowed, a.getRun),
		r(get, v1+"/runs/{id}/plan", access.Viewer, account, a.getPlan),
		r(post, v1+"/runs/{id}/cancel", access.Manager, account, a.cancelRun),
		r(post, v1+"/runs/{id}/approve", access.Manager, account, a.approveRun),

		r(get, v1+"/customers", access.Viewer, narrowed, a.listCustomers),
		r(get, v1+"/customers/{id}", access.Viewer, customer, a.getCustomer),
		r(post, v1+"/customers/{id}/organization", access.Manager, customer, a.decideCustomer(review.Organization)),
		r(post, v1+"/customers/{id}/company", access.Manager, customer, a.decideCustomer(review.Company)),
		r(get, v1+"/customers/{id}/assets", access.Viewer, customer, a.listAssets),
		r(get, v1+"/assets/{id}", access.Viewer, narrowed, a.getAsset),
		r(post, v1+"/assets/{id}/configuration", access.Manager, narrowed, a.decideAsset),
		r(get, v1+"/assets/{id}/compare", access.Viewer, narrowed, a.compareAsset),
		r(post, v1+"/matches", access.Manager, narrowed, a.decideMany),
		r(post, v1+"/matches/accept", access.Manager, narrowed, a.acceptMany),
		r(get, v1+"/matches/options", access.Viewer, shared, a.createOptions),

		r(get, v1+"/organizations", access.Viewer, account, a.findOrganizations),
		r(get, v1+"/organizations/{id}/configurations", access.Viewer, narrowed, a.findConfigurations),
		r(get, v1+"/companies", access.Viewer, account, a.findCompanies),

		r(get, v1+"/mode", access.Viewer, shared, a.getMode),
		r(put, v1+"/mode", access.Administrator, account, a.putMode),
		r(put, v1+"/customers/{id}/mode", access.Administrator, customer, a.putCustomerMode),

		r(get, v1+"/ticketing/options", access.Manager, shared, a.ticketOptions),
		r(get, v1+"/ticketing/settings", access.Viewer, account, a.getTicketSettings),
		r(put, v1+"/ticketing/settings", access.Administrator, account, a.putTicketSettings),
		r(post, v1+"/ticketing/settings/reset-overrides", access.Administrator, account, a.resetOverrides),
		r(get, v1+"/customers/{id}/ticketing", access.Viewer, customer, a.getOverrides),
		r(put, v1+"/customers/{id}/ticketing", access.Manager, customer, a.putOverrides),
		r(del, v1+"/customers/{id}/ticketing", access.Manager, customer, a.deleteOverrides),
		r(post, v1+"/ticketing/test-ticket", access.Manager, account, a.testTicket),

		r(post, v1+"/ticketing/preview", access.Viewer, narrowed, a.previewTicket),
		r(get, v1+"/ticketing/callback", access.Viewer, account, a.getCallback),
		r(put, v1+"/ticketing/callback", access.Administrator, account, a.putCallback),
		r(del, v1+"/ticketing/callback", access.Administrator, account, a.deleteCallback),

		r(get, v1+"/alerts", access.Viewer, narrowed, a.listAlerts),
		r(post, v1+"/alerts/{key}/snooze", access.Manager, narrowed, a.snooze),
		r(get, v1+"/snoozes", access.Viewer, narrowed, a.listSilences(alert.Snooze)),
		r(del, v1+"/snoozes/{id}", access.Manager, narrowed, a.endSilence(alert.Snooze)),
		r(get, v1+"/windows", access.Viewer, narrowed, a.listSilences(alert.Window)),
		r(post, v1+"/windows", access.Manager, narrowed, a.postWindow),
		r(get, v1+"/windows/{id}", access.Viewer, narrowed, a.getSilence(alert.Window)),
		r(put, v1+"/windows/{id}", access.Manager, narrowed, a.putWindow),
		r(del, v1+"/windows/{id}", access.Manager, narrowed, a.endSilence(alert.Window)),
		r(get, v1+"/rules", access.Viewer, account, a.getRules),
		r(put, v1+"/rules", access.Manager, account, a.putRules),
		r(post, v1+"/rules/test", access.Manager, account, a.testRules),
		r(get, v1+"/tickets", access.Viewer, narrowed, a.listTickets),

		{Method: post, Path: callbackPath + "{token}", Role: access.Anyone, Reach: shared, MaxBody: maxCallback, Handler: a.handle(a.callback)},

		r(get, v1+"/audit", access.Viewer, narrowed, a.listAudit),
		r(post, v1+"/audit/{id}/undo", access.Manager, narrowed, a.undo),
		r(get, v1+"/mapping.csv", access.Viewer, narrowed, a.exportMapping),
		{Method: put, Path: v1 + "/mapping.csv", Role: access.Manager, MaxBody: maxMapping, Handler: a.handle(a.importMapping)},

		r(get, v1+"/dead-letters", access.Administrator, account, a.listLetters),
		r(post, v1+"/dead-letters/{id}/replay", access.Administrator, account, a.replayLetter),
		r(get, v1+"/reports/{name}", access.Viewer, narrowed, a.report),
		r(get, v1+"/settings", access.Viewer, shared, a.getSettings),
		r(put, v1+"/settings", access.Administrator, account, a.putSettings),
	}
}

func (a *api) healthz(*http.Request) (reply, error) {
	return ok(struct {
		Status  string `json:"status"`
		Version string `json:"version"`
	}{"ok", a.Version}), nil
}

// Routes lists what there is and the role it needs, without anything behind it:
// for tests and documents.
func Routes() []access.Route { return (&api{}).routes() }

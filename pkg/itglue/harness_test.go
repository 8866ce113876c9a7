package itglue_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"uniview-bridge/pkg/itglue"
	"uniview-bridge/pkg/itglue/sandbox"
	"uniview-bridge/pkg/vendorhttp"
	"uniview-bridge/pkg/vendorhttp/simulator"
)

const testKey = "ITG.0123456789abcdef.secret"

// A recorder keeps every request that passes, and its answer.
type recorder struct {
	next http.RoundTripper
	mu   sync.Mutex
	sent []exchange
}

type exchange struct {
	Method, Path string
	Query        url.Values
	Header       http.Header
	Body         []byte
	Status       int // 0 = no answer
	Type         string
	Answer       []byte
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	x := exchange{Method: req.Method, Path: req.URL.Path, Query: req.URL.Query(), Header: req.Header.Clone()}
	if req.Body != nil {
		x.Body, _ = io.ReadAll(req.Body)
		req.Body = io.NopCloser(bytes.NewReader(x.Body))
	}
	res, err := r.next.RoundTrip(req)
	if err == nil {
		var cut error
		x.Status, x.Type = res.StatusCode, res.Header.Get("Content-Type")
		x.Answer, cut = io.ReadAll(res.Body)
		res.Body = io.NopCloser(io.MultiReader(bytes.NewReader(x.Answer), failing{cut}))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent = append(r.sent, x)
	return res, err
}

// failing reads as an error, or as the end.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return 0, io.EOF
}

// of returns the exchanges of a route in the vendor's notation.
func (r *recorder) of(method, route string) []exchange {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []exchange
	for _, x := range r.sent {
		if x.Method == method && onRoute(route, x.Path) {
			out = append(out, x)
		}
	}
	return out
}

func onRoute(route, path string) bool {
	want, have := strings.Split(route, "/"), strings.Split(path, "/")
	if len(want) != len(have) {
		return false
	}
	for i := range want {
		if isID := strings.Trim(have[i], "0123456789") == "" && have[i] != ""; want[i] != have[i] && !(strings.HasPrefix(want[i], ":") && isID) {
			return false
		}
	}
	return true
}

var epoch = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)

// A world is a sandbox account and a client of it, in virtual time.
type world struct {
	*sandbox.Server
	c     *itglue.Client
	clock *simulator.Clock
	ctx   context.Context // for tables of calls
	rec   *recorder

	org, other                 *sandbox.Organization
	typ, status                *sandbox.Named
	orgID, otherID, confTypeID string
}

func newWorld(t testing.TB, o sandbox.Options, change ...func(*itglue.Config)) *world {
	t.Helper()
	w := &world{clock: simulator.NewClock(epoch)}
	o.APIKey, o.Now, o.Sleep = testKey, w.clock.Now, w.clock.Sleep
	w.Server = sandbox.New(o)
	w.rec = &recorder{next: w.Transport()}
	w.c = w.client(t, testKey, change...)
	w.Edit(func(s *sandbox.State) {
		s.AddOrganizationType(sandbox.Named{Name: "Customer"})
		s.AddOrganizationStatus(sandbox.Named{Name: "Active"})
		w.typ = s.AddConfigurationType(sandbox.Named{Name: "Managed Server"})
		w.status = s.AddConfigurationStatus(sandbox.Named{Name: "Active"})
		w.org = s.AddOrganization(sandbox.Organization{
			Name: "Alpine Dental, Inc.", ShortName: "ALPINE",
			Adapters: []sandbox.Adapter{{TypeName: "ConnectWise Manage", RemoteID: "250", Sync: true}},
		})
		w.other = s.AddOrganization(sandbox.Organization{Name: "Borealis Law", ParentID: w.org.ID})
	})
	w.orgID, w.otherID, w.confTypeID = fmt.Sprint(w.org.ID), fmt.Sprint(w.other.ID), fmt.Sprint(w.typ.ID)
	return w
}

func (w *world) client(t testing.TB, key string, change ...func(*itglue.Config)) *itglue.Client {
	t.Helper()
	cfg := itglue.Config{Region: "us", APIKey: key, HTTP: vendorhttp.Options{
		HTTP: &http.Client{Transport: w.rec}, Now: w.clock.Now, Sleep: w.clock.Sleep, Rand: func() float64 { return 0.5 },
	}}
	for _, f := range change {
		f(&cfg)
	}
	c, err := itglue.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// addConfigurations adds n machines to an organization.
func (w *world) addConfigurations(n int, orgID int64) {
	w.Edit(func(s *sandbox.State) {
		for i := range n {
			s.AddConfiguration(sandbox.Configuration{
				OrganizationID: orgID, Name: fmt.Sprintf("SRV%04d", n-i), TypeID: w.typ.ID,
				MAC: fmt.Sprintf("00:15:5D:00:%02X:%02X", i/256, i%256),
			})
		}
	})
}

// count returns how many requests of a route were answered with a status (0 = any).
func (w *world) count(op string, status int) int {
	n := 0
	for _, r := range w.Requests() {
		if r.Op == op && (status == 0 || r.Status == status) {
			n++
		}
	}
	return n
}

func kindOf(err error) vendorhttp.Kind {
	return vendorhttp.KindOf(err)
}

func atoi(t testing.TB, id string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// backupSpec is a type like the one the product keeps.
func backupSpec() itglue.TypeSpec {
	return itglue.TypeSpec{Name: "Unitrends, Backup", Description: "Kept by the bridge", Icon: "hdd-o", Fields: []itglue.FieldSpec{
		{Name: "Machine", Kind: itglue.KindText, UseForTitle: true, ShowInList: true, Required: true},
		{Name: "Status", Kind: itglue.KindSelect, Options: []string{"Success", "Failed"}, UseForTitle: true, ShowInList: true},
		{Name: "Last good backup", Kind: itglue.KindDate},
		{Name: "Configuration", Kind: itglue.KindTag, TagType: "Configurations"},
		{Name: "Details", Kind: itglue.KindTextbox},
		{Name: "Storage", Kind: itglue.KindNumber, Decimals: 1},
		{Name: "UniView asset id", Kind: itglue.KindText},
	}}
}

func (w *world) ensure(t testing.TB) itglue.FlexibleAssetType {
	t.Helper()
	typ, err := w.c.EnsureFlexibleAssetType(t.Context(), backupSpec())
	if err != nil {
		t.Fatal(err)
	}
	return typ
}

func key(t testing.TB, typ itglue.FlexibleAssetType, field string) string {
	t.Helper()
	k, ok := typ.Key(field)
	if !ok {
		t.Fatalf("no field %q", field)
	}
	return k
}

// newAsset is a good new asset with this key.
func newAsset(t testing.TB, typ itglue.FlexibleAssetType, id, status string) itglue.FlexibleAssetWrite {
	return itglue.FlexibleAssetWrite{TypeID: typ.ID, KeyTrait: key(t, typ, "UniView asset id"), Traits: map[string]any{
		key(t, typ, "Machine"): "machine " + id, key(t, typ, "Status"): status, key(t, typ, "UniView asset id"): id,
	}}
}

package sandbox

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// receiver answers callbacks with a status, and keeps what came.
type receiver struct {
	status int
	got    []received
}

type received struct {
	url, signature string
	body           []byte
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.got = append(r.got, received{req.URL.String(), req.Header.Get("X-Content-Signature"), body})
	w.WriteHeader(r.status)
}

func (r *receiver) RoundTrip(req *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	r.ServeHTTP(w, req)
	return w.Result(), nil
}

// listening is a vendor with one registered callback for all tickets.
func listening(t *testing.T, rt http.RoundTripper, url string) *vendor {
	t.Helper()
	v := start(t, func(o *Options) { o.Callbacks = rt })
	v.Edit(func(st *State) { st.Role.GrantExtras() })
	v.call("POST", "system/callbacks", `{"url":"`+url+`","objectId":1,"type":"ticket","level":"owner"}`).has(t, 201)
	return v
}

func (v *vendor) deliver() []Delivery { return v.DeliverCallbacks(context.Background()) }

func TestACallbackIsDeliveredOverHTTPAndSigned(t *testing.T) {
	t.Parallel()
	r := &receiver{status: 200}
	web := httptest.NewServer(r)
	defer web.Close()
	v := listening(t, http.DefaultTransport, web.URL+"/hook?recordId=")
	v.call("POST", "service/tickets", `{"summary":"s","company":{"id":19001}}`).has(t, 201)
	if d := v.deliver(); len(d) != 1 || d[0].Status != 200 || d[0].Attempt != 1 || d[0].Again || d[0].CallbackID != 1 {
		t.Fatalf("%+v", d)
	}
	if d := v.deliver(); len(d) != 0 {
		t.Errorf("delivered again: %+v", d)
	}
	got := r.got[0]
	if got.url != "/hook?recordId=1001&action=added" {
		t.Errorf("the record's id is appended as text: %s", got.url)
	}
	key := sha256.Sum256([]byte("sandbox signing key"))
	mac := hmac.New(sha256.New, key[:])
	mac.Write(got.body)
	if want := base64.StdEncoding.EncodeToString(mac.Sum(nil)); got.signature != want {
		t.Errorf("signature %s", got.signature)
	}
	var body map[string]any
	if err := json.Unmarshal(got.body, &body); err != nil {
		t.Fatal(err)
	}
	entity, _ := body["Entity"].(string)
	var ticket struct {
		ID      int    `json:"id"`
		Summary string `json:"summary"`
	}
	if json.Unmarshal([]byte(entity), &ticket) != nil || ticket.ID != 1001 || ticket.Summary != "s" {
		t.Errorf("the record is JSON inside a string: %s", entity)
	}
	delete(body, "Entity")
	want := map[string]any{
		"Action": "added", "CallbackObjectRecId": 1.0, "CompanyId": "demo", "FromUrl": "na.myconnectwise.net", "ID": 1001.0, "MemberId": "UniBridge",
		"MessageId": "00000000-0000-4000-8000-000000000001", "PartnerId": "sandbox", "ProductInstanceId": "sandbox", "Type": "ticket",
		"Metadata": map[string]any{"key_url": "https://na.myconnectwise.net/v2025_1//system/callbackkey/index.rails?companyName=demo&id=5f0c6a30-0000-4000-8000-00000000c0de"},
	}
	if diff := cmp.Diff(want, body); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsAnnounced(t *testing.T) {
	t.Parallel()
	r := &receiver{status: 204}
	v := listening(t, r, "https://bridge.example/?recordId=")
	add := func(typ, level string, object int, self bool) {
		v.Edit(func(st *State) {
			add(st, &st.Callbacks, "callback", 0, func(id int) Callback {
				return Callback{ID: id, URL: "https://" + level + "." + typ + "/?r=", Type: typ, Level: level, ObjectID: object, SelfSuppressed: self}
			})
		})
	}
	v.Edit(func(st *State) { st.AddTicket(19001, "s", "tech1") })
	v.deliver()
	if diff := cmp.Diff([]string{"https://bridge.example/?recordId=1001&action=added"}, urls(r)); diff != "" {
		t.Error(diff)
	}
	add("ticket", "board", 2, false)
	add("ticket", "status", 504, false)
	add("ticket", "ticket", 1001, true)
	add("company", "owner", 1, false)
	add("company", "company", 19001, false)
	for _, step := range []struct {
		name string
		do   func(*State)
		call [2]string
		want []string
	}{
		{"a note by a technician", func(st *State) { st.AddTechnicianNote(1001, "n", "tech1") }, [2]string{}, []string{"https://bridge.example/?recordId=1001&action=updated", "https://ticket.ticket/?r=1001&action=updated"}},
		{"our own note, which one callback does not want to hear of", nil, [2]string{"POST", `{"text":"n","internalAnalysisFlag":true}`}, []string{"https://bridge.example/?recordId=1001&action=updated"}},
		{"our own patch with skipCallback", nil, [2]string{"PATCH", `[{"op":"replace","path":"summary","value":"x"},{"op":"replace","path":"skipCallback","value":true}]`}, nil},
		{"a move to another board", func(st *State) { st.MoveTicket(1001, 2, "tech1") }, [2]string{}, []string{"https://bridge.example/?recordId=1001&action=updated", "https://board.ticket/?r=1001&action=updated", "https://ticket.ticket/?r=1001&action=updated"}},
		{"a ticket that is deleted", func(st *State) { st.DeleteTicket(1001) }, [2]string{}, []string{"https://bridge.example/?recordId=1001&action=deleted", "https://board.ticket/?r=1001&action=deleted", "https://ticket.ticket/?r=1001&action=deleted"}},
		{"a company that is deleted", func(st *State) { st.DeleteCompany(19001) }, [2]string{}, []string{"https://owner.company/?r=19001&action=updated", "https://company.company/?r=19001&action=updated"}},
		{"a new company", func(st *State) { st.AddCompany("New") }, [2]string{}, []string{"https://owner.company/?r=19002&action=added"}},
	} {
		r.got = nil
		if step.do != nil {
			v.Edit(step.do)
		} else {
			path := "service/tickets/1001"
			if step.call[0] == "POST" {
				path += "/notes"
			}
			if g := v.call(step.call[0], path, step.call[1]); g.status >= 300 {
				t.Errorf("%s: %d %s", step.name, g.status, g.body)
			}
		}
		v.deliver()
		if diff := cmp.Diff(step.want, urls(r)); diff != "" {
			t.Errorf("%s: %s", step.name, diff)
		}
	}
}

func urls(r *receiver) (list []string) {
	for _, g := range r.got {
		list = append(list, g.url)
	}
	return list
}

func TestWhichAnswersBringACallbackAgain(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ status, attempts int }{
		{200, 1},
		{202, 1},
		{301, 1},
		{400, 1},
		{401, 1},
		{404, 3},
		{409, 3},
		{419, 3},
		{429, 3},
		{500, 1},
		{502, 1},
		{503, 1},
	} {
		r := &receiver{status: tt.status}
		v := listening(t, r, "https://bridge.example/?recordId=")
		v.Edit(func(st *State) { st.AddTicket(19001, "s", "tech1") })
		var at []time.Duration
		begin := v.now
		for range 20 {
			for _, d := range v.deliver() {
				at = append(at, d.At.Sub(begin))
				if d.MessageID != "00000000-0000-4000-8000-000000000001" || d.Again != (len(at) < tt.attempts) {
					t.Errorf("%d: %+v", tt.status, d)
				}
			}
			v.now = v.now.Add(time.Second)
		}
		if diff := cmp.Diff([]time.Duration{0, 2 * time.Second, 6 * time.Second}[:tt.attempts], at); diff != "" || len(r.got) != tt.attempts {
			t.Errorf("%d: %s", tt.status, diff)
		}
	}
}

func TestACallbackThatOnlyFailsForThreeDaysIsSwitchedOff(t *testing.T) {
	t.Parallel()
	r := &receiver{status: 500}
	v := listening(t, r, "https://bridge.example/?recordId=")
	day := func(status int) {
		r.status = status
		v.Edit(func(st *State) { st.AddTicket(19001, "s", "tech1") })
		v.deliver()
		v.now = v.now.Add(24 * time.Hour)
	}
	for _, status := range []int{500, 500, 500, 200, 500, 500, 500} { // a success begins the count anew
		day(status)
	}
	v.call("GET", "system/callbacks/1", "").has(t, 200, `"inactiveFlag":false`)
	day(500)
	v.call("GET", "system/callbacks/1", "").has(t, 200, `"inactiveFlag":true`)
	n := len(r.got)
	day(200)
	if len(r.got) != n {
		t.Error("it was still called")
	}
	v.call("PATCH", "system/callbacks/1", `[{"op":"replace","path":"inactiveFlag","value":false}]`).has(t, 200)
	day(500)
	if len(r.got) != n+1 {
		t.Error("it was not called after it was switched on again")
	}
	v.call("GET", "system/callbacks/1", "").has(t, 200, `"inactiveFlag":false`)
}

// hanging never answers.
type hanging struct{}

func (hanging) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestAReceiverHasFiveSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := listening(t, hanging{}, "https://bridge.example/?recordId=")
		v.Edit(func(st *State) { st.AddTicket(19001, "s", "tech1") })
		begin := time.Now()
		if d := v.deliver(); len(d) != 1 || d[0].Status != 0 || d[0].Again {
			t.Errorf("%+v", d)
		}
		if d := time.Since(begin); d != callbackTimeout {
			t.Errorf("took %s", d)
		}
	})
}

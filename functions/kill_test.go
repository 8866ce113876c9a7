package functions_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"uniview-bridge/pkg/alert"
	connectwise "uniview-bridge/pkg/connectwise/sandbox"
	"uniview-bridge/pkg/demo"
	itglue "uniview-bridge/pkg/itglue/sandbox"
	"uniview-bridge/pkg/state"
	uniview "uniview-bridge/pkg/uniview/sandbox"
)

const (
	kills    = 24
	apiToken = "a-token-for-this-test"
)

// TestKilledAtAnyMomentItLosesAndDoublesNothing kills the whole bridge again and
// again while the world goes on, answers get lost, and credentials stand, and then
// looks at what the vendors hold.
func TestKilledAtAnyMomentItLosesAndDoublesNothing(t *testing.T) {
	long(t)
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("KILL_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("KILL_SEED=%d repeats the choices, not the moments", seed)
	v := newVictim(t, demo.Options{Customers: 40, Assets: 600, Alerts: 120})
	luck := rand.New(rand.NewPCG(seed, 1))
	v.start()
	for _, kind := range []state.Vendor{state.ITGlue, state.ConnectWise, state.UniView} {
		v.call("PUT", "/connections/"+string(kind), credentials(kind, v.psa), nil)
	}
	v.call("PUT", "/ticketing/settings", ticketSettings(v.world), nil)
	v.call("POST", "/sync", map[string]string{"scope": "all"}, nil)
	begun := time.Now()
	for n := range kills {
		v.worldGoesOn(luck)
		time.Sleep(time.Duration(100+luck.IntN(2000)) * time.Millisecond) // the moment of the kill is the point
		v.kill()
		v.clock.Advance(time.Duration(luck.IntN(240)) * time.Second)
		if n%6 == 5 {
			v.clock.Advance(20 * time.Minute) // a longer outage: claims and leases end
		}
		v.start()
	}
	t.Logf("%d kills in %.1fs: %d flexible assets, %d tickets, %d answers lost", kills, time.Since(begun).Seconds(),
		len(shownIn(v.world)), len(ticketsIn(v.world)), v.lost())
	v.world.ITGlue.ClearFaults()
	v.world.ConnectWise.ClearFaults()
	v.world.UniView.ClearFaults()
	v.settle()
	oneTicketEach(t, v.world)
	oneAssetEach(t, v.world)
	v.nothingLost()
	v.runsEnd()
	if t.Failed() {
		t.Logf("the bridge said:\n%s", v.output.String())
	}
}

// victim is functions/local as its own process, over a world that survives it.
type victim struct {
	t     *testing.T
	world *demo.World
	clock *watch
	env   []string
	psa   string
	base  string

	program *exec.Cmd
	output  *lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

// String is the end of what was written.
func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.b.String()
	return s[max(0, len(s)-20_000):]
}

func newVictim(t *testing.T, o demo.Options) *victim {
	t.Helper()
	v := &victim{t: t, clock: &watch{at: began, since: time.Now()}, output: &lockedBuffer{}}
	o.Now, o.Epoch, o.Unlimited, o.Calm = v.clock.Now, began, true, true
	v.world = demo.New(o)
	serve := func(h http.Handler) string {
		s := httptest.NewUnstartedServer(h)
		s.Config.ErrorLog = nil
		s.Start()
		t.Cleanup(s.Close)
		return s.URL
	}
	view, glue := serve(v.world.UniView), serve(v.world.ITGlue)
	v.psa = serve(v.world.ConnectWise)
	clock := serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"now":%q}`, v.clock.Now().Format(time.RFC3339Nano))
	}))
	folder := t.TempDir()
	binary := filepath.Join(folder, "bridge")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./local").CombinedOutput(); err != nil {
		t.Fatalf("build functions/local: %v\n%s", err, out)
	}
	address := freeAddress(t)
	v.base = "http://" + address
	v.env = []string{
		"PATH=/usr/bin:/bin", "HOME=" + folder, "TZ=UTC", "BRIDGE_ADDR=" + address, "BRIDGE_DATA=" + filepath.Join(folder, "data"),
		"BRIDGE_SANDBOX=off", "BRIDGE_MODE=live", "BRIDGE_API_TOKEN=" + apiToken, "BRIDGE_ALLOW_INSECURE_VENDORS=true",
		"BRIDGE_CLOCK_URL=" + clock, "BRIDGE_ALERTS_EVERY=1s", "BRIDGE_DOCUMENTATION_EVERY=2s",
		"UNIVIEW_API_URL=" + view, "UNIVIEW_TOKEN_URL=" + view + "/connect/token", "ITGLUE_API_URL=" + glue,
	}
	for _, vendor := range []string{"UNIVIEW", "ITGLUE", "CONNECTWISE"} {
		v.env = append(v.env, vendor+"_RATE=1000", vendor+"_BURST=1000")
	}
	v.program = exec.Command(binary)
	t.Cleanup(func() {
		if v.program.Process != nil {
			_ = v.program.Process.Kill()
			_ = v.program.Wait()
		}
	})
	return v
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// start starts the process and waits until it answers.
func (v *victim) start() {
	v.t.Helper()
	c := exec.Command(v.program.Path)
	c.Env, c.Stdout, c.Stderr = v.env, v.output, v.output
	if err := c.Start(); err != nil {
		v.t.Fatal(err)
	}
	v.program = c
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if res, err := http.Get(v.base + "/healthz"); err == nil {
			_ = res.Body.Close()
			return
		}
		if time.Now().After(end) {
			v.t.Fatalf("the bridge does not start:\n%s", v.output.String())
		}
	}
}

// kill ends the process as a power cut does.
func (v *victim) kill() {
	v.t.Helper()
	if err := v.program.Process.Signal(syscall.SIGKILL); err != nil {
		v.t.Fatalf("the bridge had ended by itself: %v\n%s", err, v.output.String())
	}
	var exit *exec.ExitError
	if err := v.program.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		v.t.Fatalf("the bridge ended by itself: %v\n%s", err, v.output.String())
	}
}

// call asks the bridge's own API.
func (v *victim) call(method, path string, body, into any) {
	v.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		v.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(v.t.Context(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, v.base+"/api/v1"+path, bytes.NewReader(raw))
	if err != nil {
		v.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+apiToken)
	if method != http.MethodGet {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		v.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		v.t.Fatalf("%s %s: %v", method, path, err)
	}
	if res.StatusCode >= 300 && res.StatusCode != http.StatusConflict {
		v.t.Fatalf("%s %s: %d %s", method, path, res.StatusCode, answer)
	}
	if into != nil {
		if err := json.Unmarshal(answer, into); err != nil {
			v.t.Fatalf("%s %s: %v in %s", method, path, err, answer)
		}
	}
}

// worldGoesOn lets backups end, raises and dismisses alerts, and loses answers.
func (v *victim) worldGoesOn(luck *rand.Rand) {
	v.world.Live()
	now := v.clock.Now()
	v.world.UniView.Edit(func(st *uniview.State) {
		for range 1 + luck.IntN(3) {
			a := st.Assets[luck.IntN(len(st.Assets))]
			st.AddAlert(uniview.Alert{
				Type: "job", Severity: "critical", AssetKey: a.Key, Created: now.Truncate(time.Second), JobName: "Nightly", JobType: "Backup",
				Message: "Backup of " + a.Name + " failed: the volume is full.",
			})
			b := st.AddBackup(uniview.Backup{AssetKey: a.Key, StartTime: now.Add(-time.Minute), Status: "InProgress", ReplicationStatus: "Successful"})
			st.FinishBackup(b, "Failed", 10, now.Add(-time.Second))
		}
		for range 1 + luck.IntN(2) {
			if a := st.Alerts[luck.IntN(len(st.Alerts))]; !a.Dismissed {
				st.Dismiss(now, a)
			}
		}
	})
	v.world.ITGlue.ClearFaults()
	v.world.ConnectWise.ClearFaults()
	// Answers of writes get lost, now and then: they were carried out all the same.
	for range 2 {
		v.world.ConnectWise.Inject(connectwise.Fault{Kind: connectwise.ResetAfter, Method: "POST", Skip: luck.IntN(12), Times: 1})
		v.world.ITGlue.Inject(itglue.Fault{Kind: itglue.ResetAfter, Method: []string{"POST", "PATCH"}[luck.IntN(2)], Skip: luck.IntN(6), Times: 1})
	}
}

// lost counts the writes whose answer got lost.
func (v *victim) lost() (n int) {
	for _, l := range v.world.ConnectWise.Requests() {
		if l.Method != "GET" && l.Status == 0 {
			n++
		}
	}
	for _, l := range v.world.ITGlue.Requests() {
		if l.Method != "GET" && l.Status == 0 {
			n++
		}
	}
	return n
}

type runView struct {
	ID       string         `json:"id"`
	Scope    state.Scope    `json:"scope"`
	State    state.RunState `json:"state"`
	Reason   string         `json:"reason"`
	Messages int            `json:"messages"`
	Created  time.Time      `json:"created"`
}

func (v *victim) runs(limit int) (runs []runView) {
	v.t.Helper()
	var page struct {
		Items []runView `json:"items"`
	}
	v.call("GET", fmt.Sprintf("/runs?limit=%d", limit), nil, &page)
	return page.Items
}

// settle lets everything that waits for the clock have its time, until two syncs of
// each kind in a row had nothing to do. The world stands still.
func (v *victim) settle() {
	v.t.Helper()
	for range 9 { // 54 minutes: past every search of an uncertain create and every lease
		v.clock.Advance(6 * time.Minute)
		time.Sleep(1200 * time.Millisecond) // one alerts sync
	}
	for end := time.Now().Add(45 * time.Second); time.Now().Before(end); time.Sleep(500 * time.Millisecond) {
		quiet := map[state.Scope]int{}
		for _, r := range v.runs(12) {
			if !r.State.Ended() {
				continue
			}
			if r.Messages > 0 || r.State != state.Succeeded {
				break
			}
			quiet[r.Scope]++
		}
		if quiet[state.ScopeAlerts] >= 2 && quiet[state.ScopeDocumentation] >= 2 {
			return
		}
	}
	v.t.Errorf("the bridge does not come to rest: %+v", v.runs(10))
}

// pagesOf reads a whole list of the bridge's API.
func pagesOf[T any](v *victim, path string) (all []T) {
	v.t.Helper()
	for cursor := ""; ; {
		var page struct {
			Items      []T    `json:"items"`
			NextCursor string `json:"nextCursor"`
		}
		v.call("GET", path+"?limit=500&cursor="+cursor, nil, &page)
		all = append(all, page.Items...)
		if cursor = page.NextCursor; cursor == "" {
			return all
		}
	}
}

// nothingLost: every machine that the bridge says is linked is shown in IT Glue,
// and every undismissed, unmuted alert is in its list with an open ticket or a reason.
func (v *victim) nothingLost() {
	v.t.Helper()
	published := map[string]bool{}
	for _, s := range shownIn(v.world) {
		for _, c := range s.configurations {
			published[strconv.FormatInt(c, 10)] = true
		}
	}
	type link struct {
		State    string `json:"state"`
		TargetID string `json:"targetId"`
	}
	linked := 0
	for _, c := range pagesOf[struct {
		ID           string `json:"id"`
		Organization link   `json:"organization"`
	}](v, "/customers") {
		if c.Organization.State != "matched" {
			continue
		}
		for _, m := range pagesOf[struct {
			ID            string `json:"id"`
			Name          string `json:"name"`
			SupersededBy  string `json:"supersededBy"`
			Configuration link   `json:"configuration"`
		}](v, "/customers/"+c.ID+"/assets") {
			if m.Configuration.State != "matched" || m.SupersededBy != "" {
				continue
			}
			if linked++; !published[m.Configuration.TargetID] {
				v.t.Errorf("machine %s (%s) is linked to configuration %s, which shows nothing", m.ID, m.Name, m.Configuration.TargetID)
			}
		}
	}
	if linked < 100 {
		v.t.Errorf("%d linked machines: the world should have more, so this proves little", linked)
	}
	open := map[int]bool{}
	for _, k := range ticketsIn(v.world) {
		open[k.id] = !k.closed
	}
	type entry struct {
		CustomerID string     `json:"customerId"`
		Type       alert.Type `json:"type"`
		State      string     `json:"state"`
		Why        string     `json:"why"`
		Message    string     `json:"message"`
		First      time.Time  `json:"first"`
		Last       time.Time  `json:"last"`
		TicketID   int        `json:"ticketId"`
	}
	byTemplate := map[string][]entry{}
	name := func(customer string, typ alert.Type, message string) string {
		return strings.Join([]string{customer, string(typ), alert.Template(message)}, "\x00")
	}
	fates := map[string]int{}
	for _, e := range pagesOf[entry](v, "/alerts") {
		k := name(e.CustomerID, e.Type, e.Message)
		byTemplate[k] = append(byTemplate[k], e)
		if e.State == "ticketed" && !open[e.TicketID] {
			v.t.Errorf("the alert %q has ticket #%d, which is not open", e.Message, e.TicketID)
		}
		if e.Why == "" && e.State != "ticketed" {
			v.t.Errorf("the alert %q is %s without a reason", e.Message, e.State)
		}
	}
	for _, c := range complaintsIn(v.world) {
		fate := "lost"
		for _, e := range byTemplate[name(c.customer, c.Type, c.Message)] {
			// The vendor tells times less finely than its simulator keeps them.
			if !c.Created.Before(e.First.Add(-time.Second)) && !c.Created.After(e.Last.Add(time.Second)) {
				fate = e.State
			}
		}
		if fates[fate]++; fate == "lost" {
			v.t.Errorf("the alert %q of %s (%s) is in no list", c.Message, c.customer, c.Created)
		}
	}
	v.t.Logf("%d linked machines are shown; undismissed alerts: %v", linked, fates)
}

// runsEnd wants no run to hang for ever because of a kill.
func (v *victim) runsEnd() {
	v.t.Helper()
	v.clock.Advance(13 * time.Hour)
	limit := v.clock.Now().Add(-12 * time.Hour)
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(500 * time.Millisecond) {
		states, hanging := map[state.RunState]int{}, 0
		for _, r := range pagesOf[runView](v, "/runs") {
			states[r.State]++
			if !r.State.Ended() && r.Created.Before(limit) {
				hanging++
			}
		}
		if hanging == 0 || time.Now().After(end) {
			v.t.Logf("runs: %v", states)
			if hanging > 0 {
				v.t.Errorf("%d runs never end", hanging)
			}
			return
		}
	}
}

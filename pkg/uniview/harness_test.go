package uniview

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"uniview-bridge/pkg/uniview/sandbox"
	"uniview-bridge/pkg/vendorhttp"
	"uniview-bridge/pkg/vendorhttp/simulator"
)

const (
	testID     = "client-65e25f01"
	testSecret = "s3cret/8c11+value=="
)

var epoch = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// portal makes a sandbox and a client that talks to it in-process.
func portal(t testing.TB, cfg Config, o sandbox.Options) (*Client, *sandbox.Server, *simulator.Clock) {
	t.Helper()
	clk := simulator.NewClock(epoch)
	o.ClientID, o.ClientSecret = testID, testSecret
	if o.Now == nil {
		o.Now = clk.Now
	}
	sb := sandbox.New(o)
	cfg.ClientID, cfg.ClientSecret = testID, testSecret
	cfg.HTTP = vendorhttp.Options{
		HTTP: &http.Client{Transport: sb.Transport()}, Now: o.Now, Sleep: clk.Sleep,
	}
	return client(t, cfg), sb, clk
}

func client(t testing.TB, cfg Config) *Client {
	t.Helper()
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// seed fills a portal with n assets and n endpoints for a few customers.
func seed(sb *sandbox.Server, n int) {
	sb.Edit(func(st *sandbox.State) {
		for i := range 3 {
			c := st.AddCustomer(fmt.Sprintf("Customer %d", i))
			st.AddAppliance(sandbox.Appliance{CustomerID: c.ID, Name: fmt.Sprintf("Appliance %d", i), TotalMBSize: 1000, TotalMBFree: 100})
		}
		for i := range n {
			a := st.AddAsset(sandbox.Asset{AssetTag: st.Appliances[i%3].AssetTag, Name: fmt.Sprintf("SRV-%04d", i), MAC: fmt.Sprintf("00:15:5D:00:%02X:%02X", i/256, i%256)})
			if i%5 != 4 {
				start := epoch.Add(-time.Duration(i+1)*time.Minute + 371685*time.Microsecond)
				st.AddBackup(sandbox.Backup{AssetKey: a.Key, StartTime: start, CompleteTime: start.Add(30 * time.Second), SizeMB: int64(i), Status: "Successful"})
			}
			st.AddEndpoint(sandbox.Endpoint{CustomerID: st.Customers[i%3].ID, Name: fmt.Sprintf("PC-%04d", i), StorageUsed: int64(i) << 32, Created: epoch.Add(-24 * time.Hour)})
		}
	})
}

// listRequests counts the requests for lists, leaving out tokens.
func listRequests(sb *sandbox.Server) int {
	n := 0
	for _, r := range sb.Requests() {
		if r.Method == http.MethodGet {
			n++
		}
	}
	return n
}

// roundTrip answers with a function; token requests are answered for it.
type roundTrip func(*http.Request) (status int, header http.Header, body string)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPost {
		return answer(r, 200, nil, `{"access_token":"tok-0123456789abcdef","expires_in":3600,"token_type":"Bearer"}`), nil
	}
	status, header, body := f(r)
	return answer(r, status, header, body), nil
}

func answer(r *http.Request, status int, header http.Header, body string) *http.Response {
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: r}
}

func paged(total int, more ...string) http.Header {
	h := http.Header{"Paging-Total-Records": {fmt.Sprint(total)}}
	for i := 0; i+1 < len(more); i += 2 {
		h.Set(more[i], more[i+1])
	}
	return h
}

// against makes a client of a scripted API.
func against(t testing.TB, cfg Config, f roundTrip) *Client {
	t.Helper()
	cfg.ClientID, cfg.ClientSecret = testID, testSecret
	cfg.HTTP = vendorhttp.Options{HTTP: &http.Client{Transport: f}, Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }, Now: func() time.Time { return epoch }}
	return client(t, cfg)
}

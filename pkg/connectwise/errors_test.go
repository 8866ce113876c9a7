package connectwise

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"uniview-bridge/pkg/vendorhttp"
)

func TestErrorBodiesOfEveryKind(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		status  int
		body    string
		kind    vendorhttp.Kind
		code    string
		message string
	}{
		{"the general shape", 400, `{"code":"InvalidObject","message":"ticket object is invalid","errors":[{"code":"NotFound","message":"Service Status 17 not found for Service Board 21","resource":"ticket","field":"status/id"}]}`, vendorhttp.Invalid, "InvalidObject", "status/id: Service Status 17"},
		{"errors is null", 403, `{"code":"Security","message":"You do not have security permission to perform this action.","errors":null}`, vendorhttp.Forbidden, "Security", "security permission"},
		{"the same code for a wrong host", 403, `{"code":"Security","message":"SSL is required.","errors":null}`, vendorhttp.Invalid, "Security", "api-"},
		{"a condition", 400, `{"code":"ApiFindCondition","message":"member/id is not a recognized name."}`, vendorhttp.Invalid, "ApiFindCondition", "recognized"},
		{"a clientId answered with 400", 400, `{"code":"ConnectWiseApi","message":"The clientId is not valid"}`, vendorhttp.Auth, "ConnectWiseApi", "clientId"},
		{"the key error on 429", 429, `{"error":"ConnectWiseAPI","message":"Too many requests. Please try again in 30 seconds."}`, vendorhttp.RateLimited, "ConnectWiseAPI", "Too many"},
		{"an HTML page", 502, `<html><head><title>502 Bad Gateway</title></head></html>`, vendorhttp.Unavailable, CodePage, "502 Bad Gateway"},
		{"half a body", 500, `{"code":"Inval`, vendorhttp.Unavailable, CodePage, ""},
		{"no body", 401, ``, vendorhttp.Auth, CodePage, ""},
		{"another JSON", 400, `[1,2]`, vendorhttp.Invalid, CodePage, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := fixed(t, tt.status, "application/json", tt.body)
			c.cfg.Retries = -1
			_, err := c.SystemInfo(t.Context())
			var e *vendorhttp.Error
			if !errors.As(err, &e) || e.Kind != tt.kind || e.Code != tt.code || !strings.Contains(e.Error(), tt.message) || e.Status != tt.status {
				t.Errorf("got %#v", err)
			}
		})
	}
}

func TestTheGatewaysPlainTextAfterAFruitlessDiscovery(t *testing.T) {
	t.Parallel()
	c := fixed(t, 400, "text/plain", "Cannot route. Codebase/company is invalid.")
	_, err := c.SystemInfo(t.Context())
	var e *vendorhttp.Error
	if !errors.As(err, &e) || e.Code != CodeGateway || e.Kind != vendorhttp.Invalid {
		t.Errorf("got %v", err)
	}
}

func TestStatusesAndWhetherReadsAndWritesAreSentAgain(t *testing.T) {
	t.Parallel()
	for status := 200; status < 600; status++ {
		reads, writes := 0, 0
		c, err := New(config(roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodGet {
				reads++
			} else {
				writes++
			}
			return reply(status, "application/json", `{"code":"x","message":"y"}`), nil
		})))
		if err != nil {
			t.Fatal(err)
		}
		_, readErr := c.GetTicket(t.Context(), 1)
		_, writeErr := c.CreateTicket(t.Context(), TicketWrite{Summary: "s", CompanyID: 1})
		again := status >= 500 || status == 408 || status == 429
		if (reads > 1) != again || writes != 1 {
			t.Errorf("%d: %d reads, %d writes", status, reads, writes)
		}
		uncertain := status < 400 || status >= 500 || status == 408
		if vendorhttp.IsUncertain(readErr) || vendorhttp.IsUncertain(writeErr) != uncertain {
			t.Errorf("%d: read %v, write %v", status, readErr, writeErr)
		}
	}
}

func FuzzErrorBody(f *testing.F) {
	f.Add(400, []byte(`{"code":"a","message":"b","errors":[{"code":"c","field":"d"}]}`))
	f.Add(429, []byte(`{"error":"a"}`))
	f.Add(400, []byte(`Cannot route.`))
	f.Add(502, []byte("<title>\xff"))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		code, message, details := parseError(status, nil, body)
		kind := classify(status, nil, body)
		if kind != "" && kind != vendorhttp.Auth && kind != vendorhttp.Invalid {
			t.Fatal(kind)
		}
		if code == "" && message == "" && len(details) == 0 {
			t.Fatal("nothing was said")
		}
	})
}

func FuzzTicketBody(f *testing.F) {
	f.Add([]byte(`[{"id":1,"closedFlag":true,"_info":{"lastUpdated":"2026-01-02T03:04:05Z"}}]`))
	f.Add([]byte(`[{"id":1,"closedFlag":"True","closedDate":"2026-01-02T03:04:05.123","actualHours":0.25}]`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, body []byte) {
		rows, ids, err := decodeRows[wireTicket](body)
		if err == nil && len(rows) != len(ids) {
			t.Fatal("rows and ids differ")
		}
	})
}

package vendorhttp

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

// names is a name server: it answers the n-th question for an IPv4 address with
// the n-th list, and the last one from then on.
type names struct {
	asked   atomic.Int32
	answers [][]string
}

func (n *names) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe() // no packet connection: every message begins with its length
		go n.serve(ours)
		return theirs, nil
	}}
}

func (n *names) serve(c net.Conn) {
	defer c.Close()
	for {
		var length [2]byte
		if _, err := io.ReadFull(c, length[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(length[:]))
		if _, err := io.ReadFull(c, query); err != nil {
			return
		}
		end := 12
		for query[end] != 0 {
			end += int(query[end]) + 1
		}
		question := query[12 : end+5]
		var addrs []string
		if kind := question[len(question)-3]; kind == 1 { // A; there is no AAAA
			addrs = n.answers[min(int(n.asked.Add(1)), len(n.answers))-1]
		}
		msg := append([]byte{query[0], query[1], 0x81, 0x80, 0, 1, 0, byte(len(addrs)), 0, 0, 0, 0}, question...)
		for _, a := range addrs {
			msg = append(append(msg, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4), net.ParseIP(a).To4()...)
		}
		if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(msg))), msg...)); err != nil {
			return
		}
	}
}

var errAllowed = errors.New("the guard let it through")

// A name that is checked once and used later may lead elsewhere by then, and one
// answer may mix good addresses with bad ones. The guard looks at each address
// when it is dialled, so neither gets past it.
func TestANameThatChangesItsAnswer(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answers [][]string
		allowed [][]string // addresses that the guard lets through, request by request
		refused string     // what the last request's error names
	}{
		"public, then this machine":             {[][]string{{"9.9.9.9"}, {"127.0.0.1"}}, [][]string{{"9.9.9.9:443"}, nil}, "127.0.0.1"},
		"public, then the metadata service":     {[][]string{{"9.9.9.9"}, {"169.254.169.254"}}, [][]string{{"9.9.9.9:443"}, nil}, "169.254.169.254"},
		"a private address before a public one": {[][]string{{"10.0.0.1", "9.9.9.9"}}, [][]string{{"9.9.9.9:443"}}, ""},
		"a public address before a private one": {[][]string{{"9.9.9.9", "10.0.0.1"}}, [][]string{{"9.9.9.9:443"}}, ""},
		"private, then public":                  {[][]string{{"192.168.1.1"}, {"9.9.9.9"}}, [][]string{nil, {"9.9.9.9:443"}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &names{answers: tt.answers}
			dialer := newDialer(true, false)
			dialer.Resolver = server.resolver()
			guard := dialer.Control
			var let []string
			dialer.Control = func(network, address string, c syscall.RawConn) error {
				if err := guard(network, address, c); err != nil {
					return err
				}
				let = append(let, address)
				return errAllowed // no packet leaves the test
			}
			hc := newHTTP(true, false)
			hc.Transport.(*http.Transport).DialContext = dialer.DialContext
			c := New(Options{Vendor: "acme", HTTP: hc, PublicOnly: true, Retries: -1})
			for i, want := range tt.allowed {
				let = nil
				_, err := c.Do(t.Context(), Request{Op: "probe", Method: http.MethodPost, URL: mustURL(t, "https://psa.example.com/x"), Body: []byte("{}")})
				e := asError(t, err)
				if strings.Join(let, " ") != strings.Join(want, " ") || e.Uncertain || e.Attempts != 1 {
					t.Errorf("request %d: dialled %v, want %v; %v", i+1, let, want, err)
				}
				if want == nil && (e.Kind != Invalid || !strings.Contains(e.Message, "not a public address") || !strings.Contains(e.Message, tt.refused)) {
					t.Errorf("request %d: got %v, want words about %s", i+1, err, tt.refused)
				}
			}
			if n := int(server.asked.Load()); n != len(tt.allowed) {
				t.Errorf("the name was resolved %d times for %d requests", n, len(tt.allowed))
			}
		})
	}
}

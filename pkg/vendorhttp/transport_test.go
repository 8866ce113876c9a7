package vendorhttp

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

func TestRedirectsAreRefused(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		c, s, _ := scripted(t, Options{}, answer{status: status, header: http.Header{"Location": {"https://evil.example.net/steal?token=abc"}}}, answer{status: 200})
		_, err := c.Do(t.Context(), Request{Op: "probe", URL: &urlX, Header: http.Header{"Authorization": {"Bearer sesame-open"}}})
		e := asError(t, err)
		if e.Kind != Invalid || e.Status != status || len(s.seen) != 1 || !strings.Contains(e.Message, "redirect") || strings.Contains(err.Error(), "evil") {
			t.Errorf("%d: got %v after %d requests", status, err, len(s.seen))
		}
	}
}

func TestASelfSignedCertificateIsRefusedInWords(t *testing.T) {
	t.Parallel()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the request was sent") }))
	srv.Config.ErrorLog = quiet(t)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	c := New(Options{Vendor: "acme", AllowInsecure: true}) // allows plain http, never a bad certificate
	_, err := c.Do(t.Context(), Request{Op: "probe", Method: http.MethodPost, URL: mustURL(t, srv.URL), Body: []byte("{}")})
	e := asError(t, err)
	if e.Kind != Certificate || e.Uncertain || e.Attempts != 1 || Retryable(err) || !strings.Contains(e.Message, "authority") {
		t.Errorf("got %+v", e)
	}
	if self := asError(t, selfSigned(t)); self.Kind != Certificate || !strings.Contains(self.Message, "self-signed") {
		t.Errorf("got %v", self)
	}
}

func TestCertificateErrorsSayWhatToDo(t *testing.T) {
	t.Parallel()
	cert := func(issuer, subject string) *x509.Certificate {
		return &x509.Certificate{RawIssuer: []byte(issuer), RawSubject: []byte(subject)}
	}
	for name, tt := range map[string]struct {
		err  error
		says string
	}{
		"self-signed":        {x509.UnknownAuthorityError{Cert: cert("a", "a")}, "self-signed"},
		"an unknown issuer":  {x509.UnknownAuthorityError{Cert: cert("a", "b")}, "whole chain"},
		"another name":       {x509.HostnameError{Certificate: &x509.Certificate{}, Host: "psa.example.com"}, "another name"},
		"expired":            {x509.CertificateInvalidError{Reason: x509.Expired}, "expired"},
		"not for servers":    {x509.CertificateInvalidError{Reason: x509.IncompatibleUsage}, "not valid for this use"},
		"no roots installed": {x509.SystemRootsError{}, "ca-certificates"},
		"anything else":      {&tls.CertificateVerificationError{Err: errors.New("odd")}, "could not be verified"},
	} {
		c, s, _ := scripted(t, Options{}, answer{err: fmt.Errorf("tls: failed to verify certificate: %w", tt.err)})
		_, err := c.Do(t.Context(), Request{Op: "probe", Method: http.MethodPost, URL: &urlX})
		if e := asError(t, err); e.Kind != Certificate || e.Uncertain || Retryable(err) || len(s.seen) != 1 || !strings.Contains(e.Message, tt.says) {
			t.Errorf("%s: got %v, want words like %q", name, err, tt.says)
		}
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	t.Parallel()
	srv := httptest.NewUnstartedServer(http.NotFoundHandler())
	srv.TLS = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	srv.Config.ErrorLog = quiet(t)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	c := New(Options{Vendor: "acme", Retries: -1})
	if _, err := c.Do(t.Context(), Request{Op: "probe", URL: mustURL(t, srv.URL)}); KindOf(err) != Network {
		t.Errorf("got %v", err)
	}
}

func TestOnlyHTTPSIsSpoken(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		url     string
		o       Options
		allowed bool
	}{
		"https":                                      {"https://api.example.com/x", Options{}, true},
		"plain http":                                 {"http://api.example.com/x", Options{}, false},
		"plain http to loopback, not allowed":        {"http://127.0.0.1:8080/x", Options{}, false},
		"plain http to loopback, allowed":            {"http://127.0.0.1:8080/x", Options{AllowInsecure: true}, true},
		"plain http to localhost, allowed":           {"http://localhost:8080/x", Options{AllowInsecure: true}, true},
		"plain http to IPv6 loopback, allowed":       {"http://[::1]:8080/x", Options{AllowInsecure: true}, true},
		"plain http elsewhere although allowed":      {"http://api.example.com/x", Options{AllowInsecure: true}, false},
		"plain http to a look-alike":                 {"http://127.0.0.1.example.com/x", Options{AllowInsecure: true}, false},
		"another scheme":                             {"ftp://api.example.com/x", Options{AllowInsecure: true}, false},
		"no host":                                    {"https:///x", Options{}, false},
		"a user in the address":                      {"https://me:secret@api.example.com/x", Options{}, false},
		"a private literal where people type hosts":  {"https://10.0.0.1/x", Options{PublicOnly: true}, false},
		"the metadata service":                       {"https://169.254.169.254/latest", Options{PublicOnly: true}, false},
		"a private literal where we choose the host": {"https://10.0.0.1/x", Options{}, true},
		"a public literal":                           {"https://9.9.9.9/x", Options{PublicOnly: true}, true},
		"the configured port":                        {"https://cw.example.com:8443/x", Options{PublicOnly: true, Ports: []string{"8443"}}, true},
		"another port":                               {"https://cw.example.com:22/x", Options{PublicOnly: true, Ports: []string{"8443"}}, false},
		"another port where none is configured":      {"https://cw.example.com:8443/x", Options{PublicOnly: true}, false},
		"any port where we choose the host":          {"https://api.example.com:8443/x", Options{}, true},
		"a private literal written as mapped IPv6":   {"https://[::ffff:10.0.0.1]/x", Options{PublicOnly: true}, false},
		"loopback as mapped IPv6":                    {"https://[::ffff:127.0.0.1]/x", Options{PublicOnly: true}, false},
		"443 said aloud":                             {"https://cw.example.com:443/x", Options{PublicOnly: true, Ports: []string{"8443"}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s, _ := scripted(t, tt.o, answer{status: 200})
			_, err := c.Do(t.Context(), Request{Op: "probe", URL: mustURL(t, tt.url)})
			if (err == nil) != tt.allowed || (len(s.seen) == 1) != tt.allowed {
				t.Errorf("got %v, %d requests", err, len(s.seen))
			}
			if err != nil && (!IsInvalid(err) || strings.Contains(err.Error(), "secret")) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestNoURLIsAnError(t *testing.T) {
	t.Parallel()
	c, _, _ := scripted(t, Options{}, answer{status: 200})
	if _, err := c.Do(t.Context(), Request{Op: "probe"}); !IsInvalid(err) {
		t.Errorf("got %v", err)
	}
}

// The guard looks at the address that is dialled, so a name that leads to a
// private address is refused although the name looks fine.
func TestTheDialGuardSeesThroughNames(t *testing.T) {
	t.Parallel()
	srv := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the request was sent") }))
	t.Cleanup(srv.Close)
	_, port, _ := strings.Cut(strings.TrimPrefix(srv.URL, "https://"), ":")
	c := New(Options{Vendor: "acme", PublicOnly: true, Ports: []string{port}})
	_, err := c.Do(t.Context(), Request{Op: "probe", Method: http.MethodPost, URL: &url.URL{Scheme: "https", Host: "localhost:" + port, Path: "/"}, Body: []byte("{}")})
	e := asError(t, err)
	if e.Kind != Invalid || e.Uncertain || e.Attempts != 1 || !strings.Contains(e.Message, "not a public address") {
		t.Errorf("got %+v", e)
	}
}

func TestPublicAddresses(t *testing.T) {
	t.Parallel()
	for what, tt := range map[string]struct {
		public bool
		addrs  []string
	}{
		"the internet":                   {true, []string{"9.9.9.9", "52.1.2.3", "100.63.255.255", "100.128.0.0", "172.32.0.1", "2606:4700::1111", "2a01:4f8::1", "::ffff:9.9.9.9"}},
		"this machine":                   {false, []string{"127.0.0.1", "127.255.0.1", "::1", "0.0.0.0", "::", "0.1.2.3"}},
		"private networks":               {false, []string{"10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fd12:3456::1", "fec0::1"}},
		"carriers' shared addresses":     {false, []string{"100.64.0.0", "100.64.1.1", "100.127.255.255"}},
		"metadata services":              {false, []string{"169.254.169.254", "169.254.170.2", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"}},
		"the link":                       {false, []string{"169.254.0.1", "fe80::1", "fe80::1%eth0"}},
		"many at once":                   {false, []string{"224.0.0.1", "239.1.2.3", "255.255.255.255", "ff02::1"}},
		"documentation, benchmarks, old": {false, []string{"192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "192.0.0.8", "192.88.99.1", "240.0.0.1", "2001:db8::1", "3fff::1", "5f00::1", "100::1"}},
		"private IPv4 inside IPv6":       {false, []string{"::ffff:10.0.0.1", "::7f00:1", "::ffff:0:7f00:1", "64:ff9b::a00:1", "64:ff9b:1::a00:1", "2002:a00:1::", "2001::1"}},
	} {
		for _, a := range tt.addrs {
			if got := isPublic(netip.MustParseAddr(a)); got != tt.public {
				t.Errorf("%s: isPublic(%s) = %v", what, a, got)
			}
			// The guard says the same about the address that is dialled, whatever name led to it.
			addr := netip.AddrPortFrom(netip.MustParseAddr(a), 443).String()
			if err := checkDial(addr, false); (err == nil) != tt.public {
				t.Errorf("%s: dialling %s: %v", what, addr, err)
			}
		}
	}
	if isPublic(netip.Addr{}) {
		t.Error("no address is public")
	}
	if checkDial("127.0.0.1:443", true) != nil || checkDial("[::1]:443", true) != nil || checkDial("10.0.0.1:443", true) == nil || checkDial("nonsense", true) == nil {
		t.Error("where loopback is allowed, the guard allows another set than loopback and the internet")
	}
}

func FuzzPublicNeverAllowsPrivate(f *testing.F) {
	for _, s := range []string{"10.0.0.1", "::1", "::ffff:127.0.0.1", "9.9.9.9", "fe80::1%x", "2606:4700::1111", "64:ff9b::7f00:1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		addr, err := netip.ParseAddr(s)
		if err != nil {
			return
		}
		if a := addr.Unmap(); isPublic(addr) && (a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified()) {
			t.Errorf("%s counts as public", s)
		}
	})
}

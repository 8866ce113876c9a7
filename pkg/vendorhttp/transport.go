package vendorhttp

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
)

// newHTTP makes the default HTTP client. In guarded mode (PublicOnly) no proxy is
// used, because the guard must see the address that is really dialled.
func newHTTP(publicOnly, allowLoopback bool) *http.Client {
	t := &http.Transport{
		DialContext:           newDialer(publicOnly, allowLoopback).DialContext,
		Proxy:                 http.ProxyFromEnvironment,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 0, // the attempt's own timeout covers it
		ExpectContinueTimeout: time.Second,
		IdleConnTimeout:       60 * time.Second,
		MaxIdleConnsPerHost:   8,
		ForceAttemptHTTP2:     true,
	}
	if publicOnly {
		t.Proxy = nil
	}
	return &http.Client{Transport: t}
}

// newDialer makes what connections are made with. In guarded mode every address
// is looked at when it is dialled: after the name was resolved, so that it makes
// no difference what the name led to before.
func newDialer(publicOnly, allowLoopback bool) *net.Dialer {
	d := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	if publicOnly {
		d.Control = func(_, address string, _ syscall.RawConn) error {
			return checkDial(address, allowLoopback)
		}
	}
	return d
}

// checkDial looks at the resolved address just before it is dialled.
func checkDial(address string, allowLoopback bool) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: not an address", errRefused)
	}
	addr := ap.Addr().Unmap()
	if isPublic(addr) || allowLoopback && addr.IsLoopback() {
		return nil
	}
	return fmt.Errorf("%w: the name leads to %s, which is not a public address", errRefused, addr)
}

// allocated is the only part of IPv6 that is public: whatever embeds an IPv4
// address in a well-known way (NAT64, IPv4-mapped, translated) lies outside it or
// is reserved.
var allocated = netip.MustParsePrefix("2000::/3")

// reserved are ranges that are no place for a vendor beyond those netip knows.
var reserved = func() []netip.Prefix {
	var list []netip.Prefix
	for _, s := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15",
		"198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4", "168.63.129.16/32", // the last is one cloud's metadata service
		"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
	} {
		list = append(list, netip.MustParsePrefix(s))
	}
	return list
}()

// isPublic reports whether addr is an address of the public internet: not private,
// loopback, link-local, shared, documentation, multicast, nor one that embeds an
// IPv4 address.
func isPublic(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	if !addr.IsValid() || !addr.IsGlobalUnicast() || addr.IsPrivate() || addr.Is6() && !allocated.Contains(addr) {
		return false
	}
	return !slices.ContainsFunc(reserved, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// checkURL decides whether a request may be sent to u at all.
func checkURL(u *url.URL, o *Options) error {
	if u == nil || u.Host == "" || u.Hostname() == "" {
		return fmt.Errorf("%w: it has no host", errRefused)
	}
	if u.User != nil {
		return fmt.Errorf("%w: it carries a user name", errRefused)
	}
	switch u.Scheme {
	case "https":
	case "http":
		if !o.AllowInsecure {
			return fmt.Errorf("%w: only https is spoken", errRefused)
		}
		if !loopbackHost(u.Hostname()) {
			return fmt.Errorf("%w: plain http is for loopback only", errRefused)
		}
		return nil
	default:
		return fmt.Errorf("%w: only https is spoken", errRefused)
	}
	if !o.PublicOnly {
		return nil
	}
	if addr, err := netip.ParseAddr(u.Hostname()); err == nil && !isPublic(addr) && !(o.AllowInsecure && addr.Unmap().IsLoopback()) {
		return fmt.Errorf("%w: %s is not a public address", errRefused, addr)
	}
	if p := u.Port(); p != "" && p != "443" && !slices.Contains(o.Ports, p) {
		return fmt.Errorf("%w: port %s is neither 443 nor the configured one", errRefused, clean(p, 10))
	}
	return nil
}

func loopbackHost(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// certificateMessage turns a certificate error into words a person can act on;
// ok is false when err is not about a certificate.
func certificateMessage(err error) (msg string, ok bool) {
	var (
		verification *tls.CertificateVerificationError
		unknown      x509.UnknownAuthorityError
		host         x509.HostnameError
		invalid      x509.CertificateInvalidError
		roots        x509.SystemRootsError
	)
	switch {
	case errors.As(err, &unknown):
		if c := unknown.Cert; c != nil && string(c.RawIssuer) == string(c.RawSubject) {
			return "the server's certificate is self-signed; only certificates of a public authority are accepted: install one on the server, or correct the address", true
		}
		return "the server's certificate was not issued by an authority this system trusts; install one of a public authority on the server with its whole chain, or correct the address", true
	case errors.As(err, &host):
		return "the server's certificate is for another name than the address; correct the address", true
	case errors.As(err, &invalid):
		if invalid.Reason == x509.Expired {
			return "the server's certificate has expired or is not valid yet; renew it, and check the clocks on both sides", true
		}
		return "the server's certificate is not valid for this use", true
	case errors.As(err, &roots):
		return "this system has no trusted root certificates; install its ca-certificates package", true
	case errors.As(err, &verification):
		return "the server's certificate could not be verified", true
	}
	return "", false
}

package connectwise

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
)

// Address is where one ConnectWise instance lives, made from whatever a person
// typed or pasted.
type Address struct {
	Scheme string // "https", or "http" for a loopback simulator
	Site   string // host[:port] that people open in a browser: "na.myconnectwise.net"
	API    string // host[:port] that is called: "api-na.myconnectwise.net"
}

// cloudDomains are the domains whose API is served at "api-" + site
// (connectwise.md §2).
var cloudDomains = []string{".myconnectwise.net", ".connectwisedev.com"}

// regions are the bare names people use for the cloud sites (connectwise.md §2).
var regions = map[string]string{
	"na": "na.myconnectwise.net", "eu": "eu.myconnectwise.net", "au": "au.myconnectwise.net",
	"aus": "aus.myconnectwise.net", "za": "za.myconnectwise.net", "staging": "staging.connectwisedev.com",
}

var hostLabel = regexp.MustCompile(`^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$`)

// ParseAddress normalises any spelling of an instance address: scheme, path,
// query, letter case, a trailing dot and the api- prefix do not matter; only
// the host and a port other than the usual one are kept. The result is always
// https, except for a loopback host when allowInsecure is set.
func ParseAddress(text string, allowInsecure bool) (Address, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return Address{}, errors.New("the ConnectWise address is empty: enter the host you sign in at, such as na.myconnectwise.net")
	}
	scheme, rest, found := strings.Cut(text, "://")
	if !found {
		scheme, rest = "", strings.TrimPrefix(text, "//")
	}
	scheme = strings.ToLower(scheme)
	if scheme != "" && scheme != "http" && scheme != "https" {
		return Address{}, errors.New("the ConnectWise address must be a web address (https://...)")
	}
	if i := strings.IndexAny(rest, `/?#\`); i >= 0 {
		rest = rest[:i]
	}
	if strings.Contains(rest, "@") {
		return Address{}, errors.New("the ConnectWise address must not contain a user name or password")
	}
	host, port, err := splitHost(strings.ToLower(rest))
	if err != nil {
		return Address{}, err
	}
	if full, ok := regions[host]; ok {
		host = full
	}
	loopback := isLoopback(host)
	if loopback && !allowInsecure {
		return Address{}, errors.New("the ConnectWise address points at this machine: enter the public host name of ConnectWise")
	}
	if err := checkHost(host, loopback); err != nil {
		return Address{}, err
	}
	a := Address{Scheme: "https"}
	if loopback && scheme != "https" {
		a.Scheme = "http"
	}
	if (port == "443" && a.Scheme == "https") || port == "80" {
		port = ""
	}
	site, api := cloudNames(host)
	a.Site, a.API = joinPort(site, port), joinPort(api, port)
	return a, nil
}

// cloudNames gives the name for people and the name for calls of a host.
func cloudNames(host string) (site, api string) {
	for _, d := range cloudDomains {
		if strings.HasSuffix(host, d) {
			site = strings.TrimPrefix(host, "api-")
			return site, "api-" + site
		}
	}
	return host, host
}

func splitHost(hostport string) (host, port string, err error) {
	u, err := url.Parse("//" + hostport)
	if err != nil || u.Host == "" || u.Hostname() == "" {
		return "", "", errors.New("the ConnectWise address has no readable host name: enter the host you sign in at, such as na.myconnectwise.net")
	}
	return strings.TrimSuffix(u.Hostname(), "."), u.Port(), nil
}

func checkHost(host string, loopback bool) error {
	if _, err := netip.ParseAddr(host); err == nil || loopback {
		return nil
	}
	labels := strings.Split(host, ".")
	if len(labels) < 2 || len(host) > 253 {
		return fmt.Errorf("%q is not a full host name: enter the host you sign in at, such as na.myconnectwise.net", clip(host, 60))
	}
	for _, l := range labels {
		if !hostLabel.MatchString(l) {
			return fmt.Errorf("%q is not a host name", clip(host, 60))
		}
	}
	return nil
}

func isLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

func joinPort(host, port string) string {
	if port != "" {
		return net.JoinHostPort(host, port)
	}
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

// Knows says whether host (with or without port) is this instance under one
// of its names. Used before anything from an answer or a callback is trusted.
func (a Address) Knows(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host != "" && (host == a.Site || host == a.API)
}

// sameCloud says whether host belongs to the same ConnectWise cloud domain as
// the instance, so that a host named by companyinfo may be called.
func (a Address) sameCloud(host string) bool {
	for _, d := range cloudDomains {
		if strings.HasSuffix(a.Site, d) && strings.HasSuffix(host, d) {
			return true
		}
	}
	return a.Knows(host)
}

// clip cuts text to at most n runes.
func clip(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n]) + "…"
}

package connectwise

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"uniview-bridge/pkg/vendorhttp"
)

// CompanyInfo is what ConnectWise says, without authentication, about a login
// company (connectwise.md §2).
type CompanyInfo struct {
	CompanyName   string
	CompanyID     string
	Codebase      string // "v2025_1", without slashes
	VersionCode   string
	VersionNumber string
	SiteURL       string // host name of the API; empty on older servers
	Cloud         bool
}

// SystemInfo is the server's own description (schema Info).
type SystemInfo struct {
	Version        string
	Cloud          bool
	ServerTimeZone string
	CloudRegion    string
}

var codebasePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,40}$`)

// recheck is how long a confirmed route is not asked for again.
const recheck = time.Minute

// Discover asks the instance about the configured login company. A company that
// is not known there is an Auth error with code UnknownCompany.
func (c *Client) Discover(ctx context.Context) (CompanyInfo, error) {
	const op = discoverCompany
	u := &url.URL{Scheme: c.addr.Scheme, Host: c.addr.Site}
	u = u.JoinPath("login", "companyinfo", url.PathEscape(c.cfg.CompanyID))
	resp, err := c.http.Do(ctx, vendorhttp.Request{Op: op.String(), Method: http.MethodGet, URL: u})
	var e *vendorhttp.Error
	if errors.As(err, &e) && e.Status == http.StatusNotFound { // some servers (connectwise.md §2)
		return CompanyInfo{}, c.unknownCompany(http.StatusNotFound)
	}
	if err != nil {
		return CompanyInfo{}, err
	}
	var w *struct {
		CompanyName, Codebase, VersionCode, VersionNumber, CompanyID, SiteURL string
		IsCloud                                                               flag
	}
	if json.Unmarshal(resp.Body, &w) != nil {
		return CompanyInfo{}, malformed(op, resp.Status, "this address does not answer like ConnectWise: check the host name")
	}
	if w == nil || w.Codebase == "" {
		return CompanyInfo{}, c.unknownCompany(resp.Status)
	}
	info := CompanyInfo{
		CompanyName: w.CompanyName, CompanyID: w.CompanyID, Codebase: strings.Trim(w.Codebase, "/"),
		VersionCode: w.VersionCode, VersionNumber: w.VersionNumber, SiteURL: w.SiteURL, Cloud: bool(w.IsCloud),
	}
	if !codebasePattern.MatchString(info.Codebase) {
		return CompanyInfo{}, malformed(op, resp.Status, "companyinfo names a code base that cannot be part of an address")
	}
	return info, nil
}

func (c *Client) unknownCompany(status int) error {
	e := vendorhttp.NewError(vendor, discoverCompany.String(), vendorhttp.Auth, status, fmt.Sprintf(
		"ConnectWise at %s does not know the company %q: check the address and the company id (letter case counts)",
		c.addr.Site, clip(c.cfg.CompanyID, 60)))
	e.Code = CodeUnknownCompany
	return e
}

func (c *Client) currentRoute() route {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.route
}

// reroute finds the route to use in place of one that the gateway refused.
// moved is false when there is none.
func (c *Client) reroute(ctx context.Context, failed route) (next route, moved bool, err error) {
	c.mu.Lock()
	current, fresh := c.route, !c.checked.IsZero() && c.cfg.Now().Sub(c.checked) < recheck
	c.mu.Unlock()
	if current != failed {
		return current, true, nil // someone else has just found it
	}
	if fresh {
		return failed, false, nil
	}
	info, err := c.Discover(ctx)
	if err != nil {
		return failed, false, err
	}
	next = route{host: c.addr.API, codebase: info.Codebase}
	if host := c.apiHost(info.SiteURL); host != "" {
		next.host = host
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.checked = c.cfg.Now()
	c.route = next
	return next, next != failed, nil
}

// apiHost turns the host named by companyinfo into the one to call, or "" when
// it is not the configured instance's or its cloud's: credentials go nowhere else.
func (c *Client) apiHost(site string) string {
	if site == "" {
		return ""
	}
	a, err := ParseAddress(site, c.cfg.AllowInsecure)
	if err != nil || !c.addr.sameCloud(a.Site) {
		return ""
	}
	return a.API
}

// SystemInfo reads the server's version. It needs valid keys and clientId.
func (c *Client) SystemInfo(ctx context.Context) (SystemInfo, error) {
	const op = readSystemInfo
	resp, err := c.do(ctx, call{op: op})
	if err != nil {
		return SystemInfo{}, err
	}
	var w struct {
		Version        string `json:"version"`
		IsCloud        flag   `json:"isCloud"`
		ServerTimeZone string `json:"serverTimeZone"`
		CloudRegion    string `json:"cloudRegion"`
	}
	if err := decode(resp, op, &w); err != nil {
		return SystemInfo{}, err
	}
	return SystemInfo{Version: w.Version, Cloud: bool(w.IsCloud), ServerTimeZone: w.ServerTimeZone, CloudRegion: w.CloudRegion}, nil
}

// Test is the cheap check of a connection: the company is known at the address,
// and the keys and the clientId are accepted. A missing right is not a failure
// of the connection; CheckPermissions tells those apart.
func (c *Client) Test(ctx context.Context) error {
	if _, err := c.Discover(ctx); err != nil {
		return err
	}
	_, err := c.SystemInfo(ctx)
	if vendorhttp.IsForbidden(err) {
		return nil // the keys were accepted, this one record was not
	}
	var e *vendorhttp.Error
	if errors.As(err, &e) && isUnrouted(err) {
		e.Message = "ConnectWise knows the company but not the API here; its cloud also answers so when the keys are wrong: check the keys and the address"
	}
	return err
}

// TicketURL is the address at which a person opens a ticket in a browser
// (connectwise.md §7.2).
func (c *Client) TicketURL(id int) string {
	u := &url.URL{Scheme: c.addr.Scheme, Host: c.addr.Site, Path: "/" + aliasCodebase + "/services/system_io/Service/fv_sr100_request.rails"}
	u.RawQuery = fmt.Sprintf("service_recid=%d&companyName=%s", id, url.QueryEscape(c.cfg.CompanyID))
	return u.String()
}

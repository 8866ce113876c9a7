package access

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// How long things last.
const (
	// LinkLife is how long a one-time link can be used.
	LinkLife = 15 * time.Minute
	// IdleLimit ends a session that was not used so long.
	IdleLimit = 2 * time.Hour
	// AbsoluteLimit ends a session however much it is used.
	AbsoluteLimit = 12 * time.Hour
	// rotateAfter is the age at which a cookie gets a new value; the old one stays
	// good for rotateGrace, for requests that are on their way.
	rotateAfter = 15 * time.Minute
	rotateGrace = time.Minute
	// linkPause is the least time between two links printed on request.
	linkPause = 10 * time.Second
	// maxSessions and maxLinks bound what is kept.
	maxSessions = 1000
	maxLinks    = 100
)

// LocalOptions are the settings of [Local].
type LocalOptions struct {
	// Token is the bearer token with Administrator rights; empty: there is none.
	Token string
	// Hosts are host names beside the loopback ones that may be asked for; the
	// port does not count.
	Hosts []string
	// Base is the address the program itself listens at ("http://127.0.0.1:8080"):
	// links that are printed on request lead there, whatever host a request names.
	Base string
	// Print shows a link to whoever started the program. It is how a person who
	// came too late gets a new one. Without it or Base: no new links on request.
	Print func(link string)
	Now   func() time.Time // nil: time.Now
}

// Local is the policy of one machine. It is safe for concurrent use.
type Local struct {
	token [sha256.Size]byte
	open  bool // there is a token
	hosts []string
	print func(string)
	base  string
	now   func() time.Time

	mu       sync.Mutex
	links    map[digest]time.Time // end of life
	sessions map[digest]*session
	printed  time.Time
}

type digest [sha256.Size]byte

// session is one signed-in browser. After a rotation two cookies lead to it.
type session struct {
	begun, used, rotated time.Time
	current              digest
	previous             digest
	previousUntil        time.Time
}

var _ Policy = (*Local)(nil)

// NewLocal makes the policy of one machine.
func NewLocal(o LocalOptions) *Local {
	l := &Local{
		open: o.Token != "", token: sha256.Sum256([]byte(o.Token)), print: o.Print, base: o.Base, now: o.Now,
		links: map[digest]time.Time{}, sessions: map[digest]*session{},
	}
	for _, h := range o.Hosts {
		l.hosts = append(l.hosts, strings.ToLower(h))
	}
	if l.now == nil {
		l.now = time.Now
	}
	return l
}

// String hides the token.
func (*Local) String() string { return "local access [redacted]" }

// LogValue hides the token.
func (*Local) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// Check refuses host names that are not this machine's.
func (l *Local) Check(r *http.Request) *Refusal {
	if l.knownHost(r.Host) {
		return nil
	}
	return &Refusal{
		Status: http.StatusForbidden, Title: "Unknown host name",
		Detail: "This bridge answers on this machine only: open it as 127.0.0.1 or localhost. Other names must be configured first.",
	}
}

func (l *Local) knownHost(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.TrimSuffix(strings.TrimPrefix(hostport, "["), "]")
	}
	host = strings.ToLower(host)
	if addr, err := netip.ParseAddr(host); err == nil && addr.Zone() == "" && addr.Unmap().IsLoopback() {
		return true
	}
	return host == "localhost" || slices.Contains(l.hosts, host)
}

// Identify knows the bearer token and the session cookie. A wrong bearer token is
// a refusal; the gate lets its sender pass, as nobody, where nobody needs to be
// known.
func (l *Local) Identify(w http.ResponseWriter, r *http.Request) (Identity, *Refusal) {
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, token, _ := strings.Cut(header, " ")
		sum := sha256.Sum256([]byte(strings.TrimSpace(token)))
		if strings.EqualFold(scheme, "Bearer") && l.open && subtle.ConstantTimeCompare(sum[:], l.token[:]) == 1 {
			return Identity{Name: "local token", Role: Administrator}, nil
		}
		return Identity{}, &Refusal{
			Status: http.StatusUnauthorized, Title: "Wrong token",
			Detail: "The bearer token is not the one this bridge was started with (BRIDGE_API_TOKEN).",
		}
	}
	if l.resume(w, r) {
		return Identity{Name: "local console", Role: Administrator, Session: true}, nil
	}
	return Identity{Role: Anyone}, nil
}

// Link makes a one-time link below base ("http://127.0.0.1:8080").
func (l *Local) Link(base string) string {
	once := rand.Text()
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	for d, until := range l.links {
		if !now.Before(until) || len(l.links) >= maxLinks {
			delete(l.links, d)
		}
	}
	l.links[sha256.Sum256([]byte(once))] = now.Add(LinkLife)
	return strings.TrimSuffix(base, "/") + "/login?" + url.Values{"once": {once}}.Encode()
}

// PrintLink shows a new link to whoever started the program, at most one every
// few seconds. It says whether one was shown.
func (l *Local) PrintLink() bool {
	if !l.CanPrint() {
		return false
	}
	l.mu.Lock()
	now := l.now()
	soon := now.Before(l.printed.Add(linkPause))
	if !soon {
		l.printed = now
	}
	l.mu.Unlock()
	if soon {
		return false
	}
	l.print(l.Link(l.base))
	return true
}

// CanPrint says whether new links can be asked for.
func (l *Local) CanPrint() bool { return l.print != nil && l.base != "" }

// SignIn begins a session with the secret of a one-time link, which is used up.
// It says whether the secret was good.
func (l *Local) SignIn(w http.ResponseWriter, r *http.Request, once string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	d := digest(sha256.Sum256([]byte(once)))
	until, known := l.links[d]
	delete(l.links, d)
	if !known || !now.Before(until) {
		return false
	}
	l.sweep(now)
	value := rand.Text() + rand.Text()
	s := &session{begun: now, used: now, rotated: now, current: sha256.Sum256([]byte(value))}
	l.sessions[s.current] = s
	setCookie(w, r, value, AbsoluteLimit)
	return true
}

// SignOut ends the session of the request.
func (l *Local) SignOut(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.find(r, l.now()); s != nil {
		l.drop(s)
	}
	setCookie(w, r, "", -1)
}

// resume finds the session of the request, notes its use and renews its cookie.
func (l *Local) resume(w http.ResponseWriter, r *http.Request) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	s := l.find(r, now)
	if s == nil {
		return false
	}
	s.used = now
	if now.Sub(s.rotated) < rotateAfter {
		return true
	}
	delete(l.sessions, s.previous)
	value := rand.Text() + rand.Text()
	s.previous, s.previousUntil = s.current, now.Add(rotateGrace)
	s.current, s.rotated = sha256.Sum256([]byte(value)), now
	l.sessions[s.current] = s
	setCookie(w, r, value, s.begun.Add(AbsoluteLimit).Sub(now))
	return true
}

func (l *Local) find(r *http.Request, now time.Time) *session {
	cookie, err := r.Cookie(cookieName(r))
	if err != nil {
		return nil
	}
	d := digest(sha256.Sum256([]byte(cookie.Value)))
	s := l.sessions[d]
	switch {
	case s == nil:
		return nil
	case s.over(now):
		l.drop(s)
		return nil
	case d == s.previous && !now.Before(s.previousUntil):
		// An old cookie came back long after its successor was handed out: it was
		// copied, or the browser missed the new one. Either way it is not good.
		return nil
	}
	return s
}

func (s *session) over(now time.Time) bool {
	return now.Sub(s.used) >= IdleLimit || now.Sub(s.begun) >= AbsoluteLimit
}

func (l *Local) drop(s *session) {
	delete(l.sessions, s.current)
	delete(l.sessions, s.previous)
}

// sweep forgets what is over, and everybody when there are too many.
func (l *Local) sweep(now time.Time) {
	for d, s := range l.sessions {
		if s.over(now) || len(l.sessions) >= maxSessions {
			delete(l.sessions, d)
		}
	}
}

// cookieName is the name of the session cookie. Over https the browser itself
// holds the cookie to this host by the prefix.
func cookieName(r *http.Request) string {
	if r.TLS != nil {
		return "__Host-bridge_session"
	}
	return "bridge_session"
}

func setCookie(w http.ResponseWriter, r *http.Request, value string, life time.Duration) {
	cookie := &http.Cookie{ //nolint:gosec // Secure follows the connection: over http on this machine such a cookie would not come back
		Name: cookieName(r), Value: value, Path: "/", HttpOnly: true, Secure: r.TLS != nil,
		SameSite: http.SameSiteStrictMode, MaxAge: int(life.Seconds()),
	}
	if life < 0 {
		cookie.MaxAge = -1
	}
	http.SetCookie(w, cookie)
}

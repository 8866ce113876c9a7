package connectwise

import (
	"net/url"
	"strconv"
	"strings"
)

// nextPage is what a Link header says about the page after this one. Only the
// two numbers are taken from it; the address that is called next is built by
// us, so a link can never carry credentials to another host or change a
// condition.
type nextPage struct {
	pageID int // forward-only paging: rows with a higher id follow
	page   int // navigable paging
}

// parseNext reads the rel="next" entry of the Link headers (RFC 8288). It
// reports false when there is none, when its address is empty (which is how
// forward-only lists end, connectwise.md §4) or when it cannot be read.
func parseNext(headers []string) (nextPage, bool) {
	for _, h := range headers {
		for h != "" {
			start := strings.IndexByte(h, '<')
			if start < 0 {
				break
			}
			end := strings.IndexByte(h[start:], '>')
			if end < 0 {
				break
			}
			target := h[start+1 : start+end]
			params, rest := cutParams(h[start+end+1:])
			h = rest
			if hasRelNext(params) {
				return nextFrom(target)
			}
		}
	}
	return nextPage{}, false
}

// cutParams splits at the comma that ends the entry, minding quotes.
func cutParams(s string) (params, rest string) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			quoted = !quoted
		case ',':
			if !quoted {
				return s[:i], s[i+1:]
			}
		}
	}
	return s, ""
}

func hasRelNext(params string) bool {
	for p := range strings.SplitSeq(params, ";") {
		name, value, ok := strings.Cut(strings.TrimSpace(p), "=")
		if !ok || !strings.EqualFold(strings.TrimSpace(name), "rel") {
			continue
		}
		for rel := range strings.FieldsSeq(strings.Trim(strings.TrimSpace(value), `"`)) {
			if strings.EqualFold(rel, "next") {
				return true
			}
		}
	}
	return false
}

func nextFrom(target string) (nextPage, bool) {
	u, err := url.Parse(strings.TrimSpace(target))
	if err != nil {
		return nextPage{}, false
	}
	var n nextPage
	for name, values := range u.Query() {
		if len(values) == 0 {
			continue
		}
		v, err := strconv.Atoi(values[0])
		if err != nil || v <= 0 {
			continue
		}
		switch {
		case strings.EqualFold(name, "pageId"):
			n.pageID = v
		case strings.EqualFold(name, "page"):
			n.page = v
		}
	}
	return n, n != nextPage{}
}

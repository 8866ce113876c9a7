package itglue

import "net/http"

// Op is one row of the client's tables of what it can send.
type Op struct{ Name, Method, Route string }

// Operations are all requests that the client can send.
func Operations() []Op {
	var out []Op
	for _, r := range readings {
		out = append(out, Op{r.name, http.MethodGet, r.route})
	}
	for _, w := range writings {
		out = append(out, Op{w.name, string(w.verb), w.route})
	}
	return out
}

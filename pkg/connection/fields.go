package connection

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"uniview-bridge/pkg/state"
)

// field is one part of a connection's credentials.
type field struct {
	name   string // as in the JSON API
	label  string
	secret bool
	help   string // where to find it
	oneOf  []string
}

// fields lists what each connection needs (design §5).
var fields = map[state.Vendor][]field{
	state.UniView: {
		{name: "clientId", label: "client id", help: "shown once when a superuser creates public API credentials in the UniView portal"},
		{name: "clientSecret", label: "client secret", secret: true, help: "shown once, beside the client id"},
	},
	state.ITGlue: {
		{name: "region", label: "region", help: `"us", "eu" or "au", as in the address you sign in at`, oneOf: []string{"us", "eu", "au"}},
		{name: "apiKey", label: "API key", secret: true, help: "made by an administrator under Account, Settings, API Keys, with Password Access off"},
	},
	state.ConnectWise: {
		{name: "instanceUrl", label: "instance URL", help: "the address you sign in at, for example https://na.myconnectwise.net"},
		{name: "companyId", label: "company id", help: "the company you type on the sign-in page"},
		{name: "publicKey", label: "public key", help: "of the API member, on its API Keys tab"},
		{name: "privateKey", label: "private key", secret: true, help: "shown once, beside the public key"},
		{name: "clientId", label: "clientId", help: "your own clientId from developer.connectwise.com"},
	},
}

// Kinds lists the connections in the order they are set up.
var Kinds = []state.Vendor{state.UniView, state.ITGlue, state.ConnectWise}

// InputError says what is wrong with entered credentials.
type InputError struct {
	Field   string // the member of the entered object
	Message string // for people: whole, in lower case, without a full stop
}

func (e *InputError) Error() string { return e.Message }

// maxField bounds one entered value.
const maxField = 1000

// merge lays entered values over stored ones: a blank secret keeps the stored one.
func merge(kind state.Vendor, entered, stored map[string]string) (map[string]string, error) {
	known, ok := fields[kind]
	if !ok {
		return nil, fmt.Errorf("connection %q: %w", kind, state.ErrNotFound)
	}
	for _, name := range slices.Sorted(maps.Keys(entered)) {
		if !slices.ContainsFunc(known, func(f field) bool { return f.name == name }) {
			return nil, &InputError{name, fmt.Sprintf("%.60q is not a field of this connection", name)}
		}
	}
	out := make(map[string]string, len(known))
	for _, f := range known {
		v := strings.TrimSpace(entered[f.name])
		if v == "" && f.secret {
			v = stored[f.name]
		}
		switch {
		case v == "":
			return nil, &InputError{f.name, "the " + f.label + " is missing; " + f.help}
		case len(v) > maxField:
			return nil, &InputError{f.name, fmt.Sprintf("the %s is longer than %d characters", f.label, maxField)}
		case strings.ContainsFunc(v, unicode.IsControl) || !utf8.ValidString(v):
			return nil, &InputError{f.name, "the " + f.label + " holds characters that cannot be part of it, such as a line break: copy it again"}
		case f.oneOf != nil && !slices.Contains(f.oneOf, v):
			return nil, &InputError{f.name, "the " + f.label + " must be one of " + strings.Join(f.oneOf, ", ")}
		}
		out[f.name] = v
	}
	return out, nil
}

// atFault is the field that a client's refusal to be built is about.
func atFault(kind state.Vendor, err error) string {
	if kind == state.ConnectWise {
		for _, f := range fields[kind] {
			if strings.Contains(err.Error(), "ConnectWise "+f.label+" ") {
				return f.name
			}
		}
		if strings.Contains(err.Error(), "company id or public key") {
			return "companyId"
		}
	}
	return map[state.Vendor]string{state.UniView: "clientId", state.ITGlue: "apiKey", state.ConnectWise: "instanceUrl"}[kind]
}

// public leaves the secrets out.
func public(kind state.Vendor, values map[string]string) map[string]string {
	out := map[string]string{}
	for _, f := range fields[kind] {
		if v := values[f.name]; v != "" && !f.secret {
			out[f.name] = v
		}
	}
	return out
}

func parse(secret state.Secret) (map[string]string, error) {
	var values map[string]string
	if err := json.Unmarshal(secret.Value, &values); err != nil {
		// The decoder's own error could quote a piece of the secret.
		return nil, fmt.Errorf("the stored credentials are not a JSON object of texts: enter them again")
	}
	return values, nil
}

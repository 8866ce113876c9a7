package vendorhttp

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxMessage = 300
	maxCode    = 80
	maxDetails = 20
	redacted   = "[redacted]"
)

// secretHeaders are request headers whose values are never repeated.
var secretHeaders = []string{"Authorization", "Proxy-Authorization", "X-Api-Key", "Clientid", "Cookie"}

// secretShape matches credentials by how they look, for answers that echo one
// we were not told about.
var secretShape = regexp.MustCompile(`(?i)\b(bearer|basic)\s+[a-z0-9._~+/=-]{8,}|` +
	`\b(client_secret|access_token|refresh_token|api[-_]?key|x-api-key|password|private_?key)\b["']?\s*[=:]\s*["']?[^\s"'&,;}]+|` +
	`\beyJ[A-Za-z0-9_-]{8,}(\.[A-Za-z0-9_-]*){0,2}`)

// redactor replaces the secrets of one request in every text about it.
type redactor struct{ replacer *strings.Replacer }

func newRedactor(secrets []string, headers ...http.Header) redactor {
	found := slices.Clone(secrets)
	for _, h := range headers {
		for _, name := range secretHeaders {
			for _, v := range h.Values(name) {
				found = append(found, v)
				scheme, rest, ok := strings.Cut(v, " ")
				if !ok {
					continue
				}
				found = append(found, strings.TrimSpace(rest))
				if strings.EqualFold(scheme, "basic") {
					if plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(rest)); err == nil {
						user, pass, _ := strings.Cut(string(plain), ":")
						found = append(found, string(plain), user, pass)
						for _, s := range []string{user, pass} {
							if u, err := url.QueryUnescape(s); err == nil {
								found = append(found, u)
							}
						}
					}
				}
			}
		}
	}
	var forms []string
	for _, s := range found {
		if len(s) < 4 {
			continue
		}
		forms = append(forms, s, url.QueryEscape(s), url.PathEscape(s),
			base64.StdEncoding.EncodeToString([]byte(s)), base64.RawURLEncoding.EncodeToString([]byte(s)))
		if j, err := json.Marshal(s); err == nil {
			forms = append(forms, string(j[1:len(j)-1]))
		}
	}
	// The longest first, so that no part of a secret survives next to a shorter one.
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	forms = slices.Compact(forms)
	pairs := make([]string, 0, 2*len(forms))
	for _, f := range forms {
		pairs = append(pairs, f, redacted)
	}
	return redactor{strings.NewReplacer(pairs...)}
}

func (r redactor) text(s string, limit int) string {
	if len(s) > 64<<10 {
		s = s[:64<<10]
	}
	if r.replacer != nil {
		s = r.replacer.Replace(s)
	}
	return clean(secretShape.ReplaceAllString(s, redacted), limit)
}

// clean makes an outside text safe to show: valid UTF-8, control characters and
// runs of white space become one space, at most limit runes.
func clean(s string, limit int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
	}), " ")
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	runes := []rune(s)
	return string(runes[:limit-1]) + "…"
}

// ParseError reads a vendor's error body. It must survive any bytes. The texts
// it returns need no cleaning: the client does that.
type ParseError func(status int, header http.Header, body []byte) (code, message string, details []string)

var htmlTitle = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)

// DefaultParseError understands OAuth errors (error, error_description), problem
// JSON (title, detail, errors), the common {code, message}, plain text, and HTML
// pages, of which only the title is used.
func DefaultParseError(status int, header http.Header, body []byte) (code, message string, details []string) {
	var doc struct {
		Error       any `json:"error"`
		Description any `json:"error_description"`
		Title       any `json:"title"`
		Detail      any `json:"detail"`
		Code        any `json:"code"`
		Message     any `json:"message"`
		Errors      any `json:"errors"`
	}
	if err := json.Unmarshal(body, &doc); err == nil {
		text := func(v any) string { s, _ := v.(string); return s }
		code = text(doc.Code)
		if code == "" {
			code = text(doc.Error)
		}
		for _, v := range []any{doc.Description, doc.Detail, doc.Message, doc.Title} {
			if message = text(v); message != "" {
				break
			}
		}
		return code, message, inner(doc.Errors)
	}
	if m := htmlTitle.FindSubmatch(body); m != nil {
		return "", "an HTML page: " + string(m[1]), nil
	}
	s := strings.TrimSpace(string(body))
	switch {
	case s == "":
		return "", http.StatusText(status), nil
	case strings.HasPrefix(s, "<"):
		return "", "an HTML page", nil
	case strings.HasPrefix(s, "{") || strings.HasPrefix(s, "["):
		return "", http.StatusText(status) + ": the answer is cut or is not JSON", nil
	}
	return "", s, nil
}

// inner flattens the "errors" member of problem JSON: a list of texts or
// objects, or an object of field names to lists of texts.
func inner(v any) []string {
	var out []string
	switch v := v.(type) {
	case string:
		out = append(out, v)
	case []any:
		for _, e := range v {
			out = append(out, inner(e)...)
		}
	case map[string]any:
		for _, k := range []string{"message", "detail", "title"} {
			if s, ok := v[k].(string); ok {
				return append(out, s)
			}
		}
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			for _, s := range inner(v[k]) {
				out = append(out, k+": "+s)
			}
		}
	}
	return out[:min(len(out), maxDetails)]
}

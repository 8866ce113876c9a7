package httpapi

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Page sizes of lists.
const (
	defaultLimit = 50
	maxLimit     = 500
)

// maxQuery bounds a search text, in bytes.
const maxQuery = 200

// read decodes a request's JSON body strictly: one object, known members, right
// types. What is wrong comes back as a problem that names the member.
func read(r *http.Request, into any) error {
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return bodyProblem(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		if _, big := errors.AsType[*http.MaxBytesError](err); big {
			return err
		}
		return problem(http.StatusBadRequest, "Bad request", "Something stands behind the JSON object.")
	}
	return nil
}

func bodyProblem(err error) error {
	var (
		big       *http.MaxBytesError
		wrongType *json.UnmarshalTypeError
		syntax    *json.SyntaxError
	)
	switch {
	case errors.As(err, &big):
		return err
	case errors.As(err, &wrongType):
		field := memberPath(wrongType.Field)
		if kind := wrongType.Type.Kind(); field == "" && kind != reflect.Struct && kind != reflect.Map {
			return problem(http.StatusBadRequest, "Bad request", fmt.Sprintf("A member of the body must be %s, not %s.", kindName(wrongType), article(wrongType.Value)))
		}
		if field == "" {
			return problem(http.StatusBadRequest, "Bad request", fmt.Sprintf("The body must be a JSON object, not %s.", article(wrongType.Value)))
		}
		return badField(field, fmt.Sprintf("%s must be %s, not %s.", field, kindName(wrongType), article(wrongType.Value)))
	case errors.As(err, &syntax):
		return problem(http.StatusBadRequest, "Bad request", fmt.Sprintf("The body is not JSON: error at byte %d.", syntax.Offset))
	case errors.Is(err, io.EOF):
		return problem(http.StatusBadRequest, "Bad request", "The body is empty; a JSON object is expected.")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return problem(http.StatusBadRequest, "Bad request", "The body ends in the middle of its JSON.")
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		if field, uerr := strconv.Unquote(name); uerr == nil {
			return badField(clip(field), "There is no member of this name here.")
		}
	}
	return problem(http.StatusBadRequest, "Bad request", "The body could not be read as the JSON that is expected.")
}

// memberPath is the path of a member as the sender wrote it: the decoder puts the
// names of embedded Go types, which begin with a capital, in between.
func memberPath(path string) string {
	parts := slices.DeleteFunc(strings.Split(path, "."), func(p string) bool { return p != "" && p[0] >= 'A' && p[0] <= 'Z' })
	return strings.Join(parts, ".")
}

func kindName(e *json.UnmarshalTypeError) string {
	switch kind := e.Type.Kind().String(); {
	case kind == "string":
		return "a text"
	case kind == "bool":
		return "true or false"
	case strings.HasPrefix(kind, "int"), strings.HasPrefix(kind, "uint"):
		return "a whole number"
	case strings.HasPrefix(kind, "float"):
		return "a number"
	case kind == "slice":
		return "a list"
	default:
		return "an object"
	}
}

// article names a JSON value; the decoder calls numbers "number 1.5".
func article(value string) string {
	kind, _, _ := strings.Cut(value, " ")
	switch kind {
	case "string":
		return "a text"
	case "number":
		return "this number"
	case "bool":
		return "true or false"
	case "array":
		return "a list"
	case "object":
		return "an object"
	default:
		return "this"
	}
}

// clip bounds a text that came from outside before it is sent back.
func clip(s string) string {
	const most = 100
	s = strings.ToValidUTF8(s, "\uFFFD")
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}

// query reads the parameters of a request, which must be among the known ones.
type query struct {
	values url.Values
}

func queryOf(r *http.Request, known ...string) (query, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return query{}, problem(http.StatusBadRequest, "Bad request", "The query of the address cannot be read.")
	}
	for name, v := range values {
		if !slices.Contains(known, name) {
			return query{}, badField(clip(name), "There is no query parameter of this name here.")
		}
		if len(v) > 1 {
			return query{}, badField(name, "This query parameter is given twice.")
		}
	}
	return query{values}, nil
}

// search is the search text, bounded and trimmed.
func (q query) search() (string, error) {
	s := strings.TrimSpace(q.values.Get("q"))
	if len(s) > maxQuery {
		return "", badField("q", fmt.Sprintf("The search text is longer than %d bytes.", maxQuery))
	}
	return s, nil
}

// oneOf reads a parameter that is empty or one of the given words.
func (q query) oneOf(name string, words ...string) (string, error) {
	v := q.values.Get(name)
	if v == "" || slices.Contains(words, v) {
		return v, nil
	}
	return "", badField(name, name+" is one of: "+strings.Join(words, ", ")+".")
}

func (q query) limit() (int, error) {
	v := q.values.Get("limit")
	if v == "" {
		return defaultLimit, nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > maxLimit {
		return 0, badField("limit", fmt.Sprintf("limit is a number from 1 to %d.", maxLimit))
	}
	return n, nil
}

// cursor is the place to go on behind; empty at the start.
func (q query) cursor() (string, error) {
	v := q.values.Get("cursor")
	raw, err := base64.RawURLEncoding.DecodeString(v)
	if err != nil || !utf8.Valid(raw) {
		return "", badField("cursor", "This is not a cursor of ours: take the nextCursor of the page before.")
	}
	return string(raw), nil
}

// after is cursor for lists that the table orders: the place is an id.
func (q query) after() (string, error) {
	place, err := q.cursor()
	if err != nil || place == "" || plainID(place) {
		return place, err
	}
	return "", badField("cursor", "This is not a cursor of this list.")
}

// customer is the id of a customer to narrow a list to; empty: all.
func (q query) customer() (string, error) {
	id := q.values.Get("customer")
	if id != "" && !plainID(id) {
		return "", badField("customer", "This is not the id of a customer.")
	}
	return id, nil
}

// time reads a point in time; zero when it is not given.
func (q query) time(name string) (time.Time, error) {
	v := q.values.Get(name)
	if v == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, v); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, badField(name, name+" is a time like 2026-01-31T08:00:00Z, or a day like 2026-01-31.")
}

// csv says whether a table is asked for, by format or by the Accept header.
func (q query) csv(r *http.Request) (bool, error) {
	format, err := q.oneOf("format", "json", "csv")
	return format == "csv" || format == "" && strings.Contains(r.Header.Get("Accept"), "text/csv"), err
}

// maxID bounds ids that come from outside, in bytes.
const maxID = 200

// plainID says whether a text can be an id at all.
func plainID(s string) bool {
	return s != "" && len(s) <= maxID && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

func cursorAt(place string) string { return base64.RawURLEncoding.EncodeToString([]byte(place)) }

// Page is one page of a list. NextCursor is empty on the last one.
type Page[T any] struct {
	Items      []T    `json:"items"`
	NextCursor string `json:"nextCursor,omitempty"`
}

// cut makes a page of an ordered list: those behind the cursor, at most limit.
// place gives each item's place, which grows along the list.
func cut[T any](all []T, place func(T) string, q query) (Page[T], error) {
	after, err := q.cursor()
	if err != nil {
		return Page[T]{}, err
	}
	limit, err := q.limit()
	if err != nil {
		return Page[T]{}, err
	}
	start := 0
	if after != "" {
		start, _ = slices.BinarySearchFunc(all, after, func(item T, at string) int { return strings.Compare(place(item), at) })
		if start < len(all) && place(all[start]) == after {
			start++
		}
	}
	page := Page[T]{Items: all[start:min(start+limit, len(all))]}
	if page.Items == nil {
		page.Items = []T{}
	}
	if start+limit < len(all) {
		page.NextCursor = cursorAt(place(page.Items[len(page.Items)-1]))
	}
	return page, nil
}

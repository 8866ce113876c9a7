package uniview

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// paging is what those of the Paging-* headers say that prove a list whole
// (uniview.md §3); -1 stands for a header that is missing or makes no sense.
type paging struct{ number, total int }

func parsePaging(h http.Header) paging {
	number := func(name string) int {
		n, err := strconv.ParseInt(strings.TrimSpace(h.Get(name)), 10, 32)
		if err != nil || n < 0 {
			return -1
		}
		return int(n)
	}
	return paging{number: number("Paging-Page-Number"), total: number("Paging-Total-Records")}
}

// decodeList reads a bare JSON array. A row that cannot be read fails the list:
// a list without it would look complete.
func decodeList[T any](body []byte) ([]T, error) {
	body = bytes.TrimPrefix(bytes.TrimSpace(body), []byte("\xef\xbb\xbf"))
	if len(body) == 0 || body[0] != '[' {
		return nil, errors.New("the answer is not a JSON list")
	}
	var rows []json.RawMessage
	if err := json.Unmarshal(body, &rows); err != nil {
		return nil, errors.New("the answer is not valid JSON")
	}
	items := make([]T, len(rows))
	for i, row := range rows {
		if len(row) == 0 || row[0] != '{' {
			return nil, fmt.Errorf("row %d is not an object", i+1)
		}
		if err := json.Unmarshal(row, &items[i]); err != nil {
			return nil, fmt.Errorf("row %d: %w", i+1, plainDecodeError(err))
		}
	}
	return items, nil
}

// plainDecodeError keeps of a decoding error what is not the vendor's data.
func plainDecodeError(err error) error {
	if shape, ok := errors.AsType[shapeError](err); ok {
		return shape
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%q is a %s", wrong.Field, wrong.Value)
	}
	return errors.New("it has an unexpected shape")
}

type shapeError string

func (e shapeError) Error() string { return string(e) }

// text accepts what can be read as a text: a string, a number, a boolean, null.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	switch {
	case string(b) == "null":
		*t = ""
	case b[0] == '"':
		return json.Unmarshal(b, (*string)(t))
	case b[0] == '{' || b[0] == '[':
		return shapeError("a text is a list or an object")
	default:
		*t = text(b)
	}
	return nil
}

// integer accepts whole numbers, also quoted or written as 1.0 or 1e3, and null
// as 0.
type integer int64

func (n *integer) UnmarshalJSON(b []byte) error {
	s := strings.Trim(string(b), `"`)
	if s == "null" || s == "" {
		*n = 0
		return nil
	}
	if v, err := strconv.ParseInt(s, 10, 64); err == nil {
		*n = integer(v)
		return nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || f >= math.MaxInt64 || f <= math.MinInt64 {
		return shapeError("a number cannot be read")
	}
	*n = integer(f)
	return nil
}

// flag accepts a boolean, also quoted or as 0 and 1, and null as false.
type flag bool

func (f *flag) UnmarshalJSON(b []byte) error {
	switch strings.ToLower(strings.Trim(string(b), `"`)) {
	case "true", "1":
		*f = true
	case "false", "0", "null", "":
		*f = false
	default:
		return shapeError("a flag is neither true nor false")
	}
	return nil
}

// stamp accepts ISO 8601 with any fraction; null and "" are the zero time.
type stamp time.Time

func (t *stamp) UnmarshalJSON(b []byte) error {
	var s string
	if string(b) != "null" {
		if err := json.Unmarshal(b, &s); err != nil {
			return shapeError("a time is not a text")
		}
	}
	at, err := parseTime(s)
	if err != nil {
		return err
	}
	*t = stamp(at)
	return nil
}

// parseTime reads a time stamp in UTC. Times without a zone are UTC
// (uniview.md §3); digits below a nanosecond are dropped.
func parseTime(s string) (time.Time, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return time.Time{}, nil
	}
	s = strings.Replace(s, ",", ".", 1)
	if dot := strings.IndexByte(s, '.'); dot >= 0 {
		end := dot + 1
		for end < len(s) && s[end] >= '0' && s[end] <= '9' {
			end++
		}
		if end-dot-1 > 9 {
			s = s[:dot+10] + s[end:]
		}
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999"} {
		if at, err := time.Parse(layout, s); err == nil {
			at = at.UTC()
			if at.Year() <= 1 { // .NET's DateTime.MinValue, in whatever zone, says "none"
				return time.Time{}, nil
			}
			if at.Year() > 9999 {
				break
			}
			return at, nil
		}
	}
	return time.Time{}, shapeError("a time cannot be read")
}

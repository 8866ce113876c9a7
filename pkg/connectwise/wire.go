package connectwise

import (
	"encoding/json"
	"time"
)

// timeFormat is how time stamps are written: UTC, whole seconds
// (connectwise.md §5).
const timeFormat = "2006-01-02T15:04:05Z"

// wireTime reads a time stamp with or without fraction and zone; what cannot
// be read is the zero time, since no decision may fail on a foreign date.
type wireTime struct{ time.Time }

func (t *wireTime) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) != nil {
		return nil
	}
	t.Time = parseTime(s)
	return nil
}

func parseTime(s string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02"} {
		if p, err := time.Parse(layout, s); err == nil {
			return p.UTC()
		}
	}
	return time.Time{}
}

// flag reads true, false, null and the words "True" and "False".
type flag bool

func (f *flag) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case "true", `"true"`, `"True"`:
		*f = true
	default:
		*f = false
	}
	return nil
}

// ref is a reference to another record. Null members are left out by newer
// servers, so every one may be missing.
type ref struct {
	ID         int    `json:"id,omitempty"`
	Identifier string `json:"identifier,omitempty"`
	Name       string `json:"name,omitempty"`
}

// refTo makes a reference for writing, nil for 0.
func refTo(id int) *ref {
	if id == 0 {
		return nil
	}
	return &ref{ID: id}
}

// wireInfo is the part of _info that is used.
type wireInfo struct {
	LastUpdated wireTime `json:"lastUpdated"`
	UpdatedBy   string   `json:"updatedBy"`
	DateEntered wireTime `json:"dateEntered"`
	EnteredBy   string   `json:"enteredBy"`
}

// patchOp is one operation of a PATCH body. Paths name whole objects: nested
// paths may answer 200 without doing anything (connectwise.md §7.2).
type patchOp struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

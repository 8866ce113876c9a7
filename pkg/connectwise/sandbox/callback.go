package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// callbackLevels are the types and levels that exist (connectwise.md §9); for
// the levels of the second list nothing here ever happens.
var callbackLevels = map[string][2][]string{
	"ticket":  {{"owner", "board", "status", "ticket"}, {"project", "phase", "integratortag"}},
	"company": {{"owner", "status", "type", "company"}, {"territory", "integratortag"}},
}

func createCallback(q *request) *answer {
	m, bad := decodeObject(q.Body, "CallbackEntry", callbackMembers)
	if bad != nil {
		return bad
	}
	var c Callback
	var errs []innerError
	for _, name := range []string{"url", "type", "level", "objectId"} {
		if _, ok := m[name]; !ok {
			errs = append(errs, required(name))
		}
	}
	errs = append(errs, c.set(m)...)
	errs = append(errs, tooLong("description", c.Description, 100)...)
	if levels, known := callbackLevels[strings.ToLower(c.Type)]; c.Type != "" && !known {
		return notSimulated("callbacks of type " + c.Type)
	} else if known && c.Level != "" && !slices.Contains(slices.Concat(levels[0], levels[1]), strings.ToLower(c.Level)) {
		errs = append(errs, innerError{Code: "InvalidField", Message: "The level field is invalid.", Field: "level"})
	}
	if strings.EqualFold(c.Level, "owner") && c.ObjectID == 0 {
		c.ObjectID = 1 // accepted and stored so (connectwise.md §9)
	}
	for _, have := range q.st.Callbacks {
		if have.URL == c.URL && strings.EqualFold(have.Type, c.Type) && strings.EqualFold(have.Level, c.Level) && have.ObjectID == c.ObjectID {
			errs = append(errs, innerError{Code: "ObjectExists", Message: "A matching callback entry already exists"})
		}
	}
	if len(errs) > 0 {
		return invalidObject("callback", errs...)
	}
	r := add(q.st, &q.st.Callbacks, "callback", 0, func(id int) Callback { c.ID = id; return c })
	return created(q, callbackTable.render(q.st, r, nil), r.ID)
}

// set takes the members of a body.
func (c *Callback) set(m map[string]json.RawMessage) (errs []innerError) {
	for _, f := range []struct {
		name string
		into any
	}{
		{"url", &c.URL},
		{"type", &c.Type},
		{"level", &c.Level},
		{"objectId", &c.ObjectID},
		{"description", &c.Description},
		{"payloadVersion", &c.PayloadVersion},
		{"inactiveFlag", &c.Inactive},
		{"isSelfSuppressedFlag", &c.SelfSuppressed},
	} {
		if raw, ok := m[f.name]; ok && json.Unmarshal(raw, f.into) != nil {
			errs = append(errs, innerError{Code: "InvalidField", Message: "The " + f.name + " field is invalid.", Field: f.name})
		}
	}
	return errs
}

// withCallback looks the path's callback up.
func withCallback(h func(*request, *Callback) *answer) func(*request) *answer {
	return func(q *request) *answer {
		c := find(q.st.Callbacks, q.ids[0])
		if c == nil {
			return notFound("Callback", q.ids[0])
		}
		return h(q, c)
	}
}

func patchCallback(q *request, c *Callback) *answer {
	ops, bad := decodePatch(q.Body)
	if bad != nil {
		return bad
	}
	changed, m := *c, map[string]json.RawMessage{}
	for _, op := range ops {
		name := strings.TrimPrefix(op.Path, "/")
		if bad := callbackMembers.check(name, "CallbackEntry", q.Body); bad != nil {
			return bad
		}
		m[name] = op.Value
	}
	if errs := changed.set(m); len(errs) > 0 {
		return invalidObject("callback", errs...)
	}
	if c.Inactive && !changed.Inactive {
		changed.FailingSince = time.Time{} // a new start
	}
	*c = changed
	return jsonAnswer(http.StatusOK, callbackTable.render(q.st, c, nil))
}

func deleteCallback(q *request, c *Callback) *answer {
	q.st.Callbacks = without(q.st.Callbacks, c.ID)
	return textAnswer(http.StatusNoContent, "", "")
}

// patchOp is one operation of a PATCH body.
type patchOp struct {
	Op    string          `json:"op"`
	Path  string          `json:"path"`
	Value json.RawMessage `json:"value"`
}

// decodePatch reads a bare array of operations; a value may be any JSON
// (connectwise.md §1, §7.2).
func decodePatch(body []byte) ([]patchOp, *answer) {
	var ops []patchOp
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if d.Decode(&ops) != nil || len(ops) == 0 {
		return nil, refuse(http.StatusBadRequest, "ConnectWiseApi", "The body must be an array of patch operations.")
	}
	for i, op := range ops {
		switch {
		case op.Op == "remove":
			ops[i].Value = json.RawMessage("null")
		case op.Op != "add" && op.Op != "replace":
			return nil, refuse(http.StatusBadRequest, "ConnectWiseApi", "The operation "+op.Op+" is not known.")
		case len(op.Value) == 0:
			return nil, refuse(http.StatusBadRequest, "ConnectWiseApi", "The operation "+op.Op+" needs a value.")
		}
	}
	return ops, nil
}

// created is a 201 with the record, and a Location over http, which is why some
// clients report every create as failed (connectwise.md §5).
func created(q *request, record object, id int) *answer {
	a := jsonAnswer(http.StatusCreated, record)
	a.header.Set("Location", fmt.Sprintf("http://%s%s/%d", q.Host, q.http.URL.EscapedPath(), id))
	return a
}

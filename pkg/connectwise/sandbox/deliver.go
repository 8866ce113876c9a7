package sandbox

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// How callbacks are delivered (connectwise.md §9).
const (
	callbackTimeout  = 5 * time.Second
	callbackPatience = 3 * 24 * time.Hour // of failures, then a callback is switched off
)

var (
	callbackRetries = []time.Duration{2 * time.Second, 4 * time.Second}
	callbackAgain   = []int{http.StatusNotFound, http.StatusConflict, 419, http.StatusTooManyRequests}
)

// Delivery is one attempt to deliver a callback.
type Delivery struct {
	At         time.Time
	CallbackID int
	URL        string
	MessageID  string
	Attempt    int  // 1 to 3
	Status     int  // 0 when no answer came
	Again      bool // another attempt will follow
}

// message is a callback on its way.
type message struct {
	callbackID int
	url, id    string
	body       []byte
	signature  string
	attempt    int
	due        time.Time
}

// announce puts a message in the outbox of every callback that wants to hear of
// a record's change.
func (st *State) announce(kind, action string, id int, by string, entity any, wants func(*Callback) bool) {
	if !st.delivers {
		return
	}
	for i := range st.Callbacks {
		c := &st.Callbacks[i]
		if c.Inactive || !strings.EqualFold(c.Type, kind) || c.SelfSuppressed && by == st.APIMember ||
			!strings.EqualFold(c.Level, "owner") && !wants(c) {
			continue
		}
		m := message{callbackID: c.ID, due: st.Now(), url: c.URL + strconv.Itoa(id) + "&action=" + url.QueryEscape(action)}
		m.id, m.body, m.signature = st.message(st.CallbackSite, kind, action, c.ID, id, by, entity)
		st.outbox = append(st.outbox, m)
	}
}

func (st *State) announceTicket(t *Ticket, action, by string) {
	var entity any
	if action != "deleted" && st.delivers {
		entity = ticketTable.render(st, t, nil)
	}
	st.announce("ticket", action, t.ID, by, entity, func(c *Callback) bool {
		return c.ObjectID == map[string]int{"board": t.BoardID, "status": t.StatusID, "ticket": t.ID}[strings.ToLower(c.Level)]
	})
}

func (st *State) announceCompany(co *Company, action string) {
	var entity any
	if st.delivers {
		entity = companyTable.render(st, co, nil)
	}
	st.announce("company", action, co.ID, co.UpdatedBy, entity, func(c *Callback) bool {
		switch strings.ToLower(c.Level) {
		case "company":
			return c.ObjectID == co.ID
		case "status":
			return c.ObjectID == co.StatusID
		case "type":
			return slices.Contains(co.TypeIDs, c.ObjectID)
		}
		return false
	})
}

// message makes the body of a callback and its signature. The record is JSON
// inside a string, and null after a delete.
func (st *State) message(site, kind, action string, callbackID, recordID int, by string, entity any) (id string, body []byte, signature string) {
	st.messages++
	id = fmt.Sprintf("00000000-0000-4000-8000-%012d", st.messages)
	if entity != nil {
		b, err := json.Marshal(entity)
		if err != nil {
			panic(err) // our own plain values
		}
		entity = string(b)
	}
	key := site + "/" + st.Codebase + "//system/callbackkey/index.rails?companyName=" + url.QueryEscape(st.CompanyID) + "&id=" + st.CallbackKeyID
	_, from, _ := strings.Cut(site, "://")
	body, err := json.Marshal(object{
		"Action": action, "CallbackObjectRecId": callbackID, "CompanyId": st.CompanyID, "Entity": entity, "FromUrl": from, "ID": recordID,
		"MemberId": by, "MessageId": id, "Metadata": object{"key_url": key}, "PartnerId": "sandbox", "ProductInstanceId": "sandbox", "Type": kind,
	})
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256([]byte(st.CallbackKey))
	mac := hmac.New(sha256.New, sum[:])
	mac.Write(body)
	return id, body, base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// SignedCallback makes the body of a callback for a ticket and its signature, as
// ConnectWise would post them. site is scheme and host of the key's address.
func (st *State) SignedCallback(site, action string, ticketID int) (body []byte, signature string) {
	var entity any
	if t := st.Ticket(ticketID); t != nil {
		entity = ticketTable.render(st, t, nil)
	}
	_, body, signature = st.message(site, "ticket", action, 1, ticketID, "tech1", entity)
	return body, signature
}

// DeliverCallbacks sends what is due now through Options.Callbacks and returns
// when the receivers have answered or had their 5 s; it gives the attempts made.
// An attempt that is answered 404, 409, 419 or 429 is made again 2 s and 4 s
// later, by a call at that time; nothing else is, 5xx included. A callback that
// only fails for three days is switched off.
func (s *Server) DeliverCallbacks(ctx context.Context) []Delivery {
	var due []message
	s.Edit(func(st *State) {
		now := st.Now()
		st.outbox = slices.DeleteFunc(st.outbox, func(m message) bool {
			c := find(st.Callbacks, m.callbackID)
			switch {
			case c == nil || c.Inactive:
				return true
			case m.due.After(now):
				return false
			}
			due = append(due, m)
			return true
		})
	})
	var done []Delivery
	for _, m := range due {
		status := s.post(ctx, m)
		s.Edit(func(st *State) { done = append(done, st.delivered(m, status)) })
	}
	return done
}

// post sends one message and gives the answer's status, 0 for none.
func (s *Server) post(ctx context.Context, m message) int {
	ctx, cancel := context.WithTimeout(ctx, callbackTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, m.url, bytes.NewReader(m.body))
	if err != nil {
		return 0
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("x-content-signature", m.signature)
	resp, err := s.o.Callbacks.RoundTrip(r)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16))
	return resp.StatusCode
}

// delivered books an attempt.
func (st *State) delivered(m message, status int) Delivery {
	now := st.Now()
	d := Delivery{At: now, CallbackID: m.callbackID, URL: m.url, MessageID: m.id, Attempt: m.attempt + 1, Status: status}
	if slices.Contains(callbackAgain, status) && m.attempt < len(callbackRetries) {
		d.Again = true
		m.due = now.Add(callbackRetries[m.attempt])
		m.attempt++
		st.outbox = append(st.outbox, m)
		return d
	}
	c := find(st.Callbacks, m.callbackID)
	switch {
	case c == nil:
	case status/100 == 2:
		c.FailingSince = time.Time{}
	case c.FailingSince.IsZero():
		c.FailingSince = now
	case now.Sub(c.FailingSince) >= callbackPatience:
		c.Inactive = true
	}
	return d
}

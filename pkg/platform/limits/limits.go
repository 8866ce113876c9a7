// Package limits holds what both platforms accept and refuse alike, so that what
// works on one machine works on AWS too: keys, item sizes, message shapes,
// expiry in whole seconds, and when a stored secret counts as none.
//
// The bounds are AWS's own or tighter. They are checked on our side because a
// stand-in (moto) lets through what AWS refuses, and because an error here can
// say what to do about it.
package limits

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"uniview-bridge/pkg/state"
)

// The bounds.
const (
	// MaxPartitionKey and MaxSortKey are DynamoDB's bounds, in bytes.
	MaxPartitionKey = 2048
	MaxSortKey      = 1024
	// MaxBody bounds one message's body, in bytes. Messages carry references,
	// never data, so this is far below the 1 MiB of SQS: a batch of ten still fits one request.
	MaxBody = 64 << 10
	// MaxID bounds a message's group and deduplication id, in bytes.
	MaxID = 128
	// MaxDelay is the longest delay of a standard queue.
	MaxDelay = 15 * time.Minute
	// MaxSecret bounds a secret's value, in bytes.
	MaxSecret = 64 << 10
)

// Key reports what is wrong with a key: both parts are non-empty UTF-8 without
// NUL, at most MaxPartitionKey and MaxSortKey bytes long.
func Key(k state.Key) error {
	if err := keyPart("partition key", k.PK, MaxPartitionKey); err != nil {
		return err
	}
	return keyPart("sort key", k.SK, MaxSortKey)
}

// Query reports what is wrong with a query.
func Query(q state.Query) error {
	if err := keyPart("partition key", q.PK, MaxPartitionKey); err != nil {
		return err
	}
	for _, part := range []string{q.Prefix, q.After} {
		if part == "" {
			continue
		}
		if err := keyPart("sort key", part, MaxSortKey); err != nil {
			return err
		}
	}
	if q.Limit < 0 {
		return errors.New("query limit is negative")
	}
	return nil
}

func keyPart(name, s string, limit int) error {
	switch {
	case s == "":
		return fmt.Errorf("%s is empty", name)
	case len(s) > limit:
		return fmt.Errorf("%s is %d bytes long, at most %d are allowed", name, len(s), limit)
	case !utf8.ValidString(s) || strings.ContainsRune(s, 0):
		return fmt.Errorf("%s is not plain UTF-8", name)
	}
	return nil
}

// Item reports what is wrong with an item that is to be written; state.ErrTooLarge
// when its data is over state.MaxItemBytes.
func Item(it state.Item) error {
	if err := Key(it.Key); err != nil {
		return err
	}
	if it.Version < state.Any {
		return fmt.Errorf("version %d has no meaning", it.Version)
	}
	if len(it.Data) > state.MaxItemBytes {
		return fmt.Errorf("%w: %d bytes, at most %d are allowed", state.ErrTooLarge, len(it.Data), state.MaxItemBytes)
	}
	return nil
}

// Seconds turns an expiry into epoch seconds, rounded up so that nothing expires
// early. 0 means never.
func Seconds(expires time.Time) int64 {
	if expires.IsZero() {
		return 0
	}
	s := expires.Unix()
	if expires.Nanosecond() > 0 {
		s++
	}
	return max(s, 1)
}

// Time is the inverse of Seconds.
func Time(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// Live says whether an item with that expiry (see Seconds) is visible at now.
func Live(seconds int64, now time.Time) bool {
	return seconds == 0 || seconds > now.Unix()
}

// Message reports what is wrong with a message for a queue of the kind given.
func Message(fifo bool, m state.Outgoing) error {
	if err := body(m.Body); err != nil {
		return err
	}
	if !fifo {
		switch {
		case m.Group != "" || m.DedupID != "":
			return errors.New("a standard queue takes neither group nor deduplication id")
		case m.Delay < 0 || m.Delay > MaxDelay:
			return fmt.Errorf("delay %v is outside 0 to %v", m.Delay, MaxDelay)
		}
		return nil
	}
	if m.Delay != 0 {
		return errors.New("a FIFO queue takes no delay")
	}
	if err := id("group", m.Group); err != nil {
		return err
	}
	return id("deduplication id", m.DedupID)
}

// body admits what SQS admits: at least one character, all of them allowed in XML.
func body(b []byte) error {
	switch {
	case len(b) == 0:
		return errors.New("message body is empty")
	case len(b) > MaxBody:
		return fmt.Errorf("message body is %d bytes long, at most %d are allowed", len(b), MaxBody)
	case !utf8.Valid(b):
		return errors.New("message body is not UTF-8")
	}
	for _, r := range string(b) {
		if (r < 0x20 && r != '\t' && r != '\n' && r != '\r') || r == 0xFFFE || r == 0xFFFF {
			return fmt.Errorf("message body holds the character %U, which queues refuse", r)
		}
	}
	return nil
}

// id admits the letters, digits and punctuation that SQS admits.
func id(name, s string) error {
	if s == "" {
		return fmt.Errorf("a FIFO queue needs a %s", name)
	}
	if len(s) > MaxID {
		return fmt.Errorf("%s is %d bytes long, at most %d are allowed", name, len(s), MaxID)
	}
	for _, r := range s {
		if r <= ' ' || r > '~' {
			return fmt.Errorf("%s holds the character %U, only printable ASCII is allowed", name, r)
		}
	}
	return nil
}

// Secret reports what is wrong with a secret's value. The value is never in the error.
func Secret(name string, value []byte) error {
	switch {
	case name == "":
		return errors.New("secret name is empty")
	case len(value) == 0:
		return errors.New("secret value is empty")
	case len(value) > MaxSecret:
		return fmt.Errorf("secret value is %d bytes long, at most %d are allowed", len(value), MaxSecret)
	case !utf8.Valid(value):
		return errors.New("secret value is not UTF-8")
	}
	return nil
}

// NoSecret says whether a stored value counts as no secret at all: nothing, blank,
// null, or the empty JSON object that a fresh stack holds as its placeholder.
func NoSecret(value []byte) bool {
	if strings.TrimSpace(string(value)) == "" {
		return true
	}
	var fields map[string]json.RawMessage
	return json.Unmarshal(value, &fields) == nil && len(fields) == 0
}

package limits_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"uniview-bridge/pkg/platform/limits"
	"uniview-bridge/pkg/state"
)

func TestKey(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		key  state.Key
		want string // part of the error; "" for none
	}{
		"a plain key passes":            {state.Key{PK: "customer#1", SK: "a/ü"}, ""},
		"the longest key passes":        {state.Key{PK: strings.Repeat("p", 2048), SK: strings.Repeat("s", 1024)}, ""},
		"a partition key is needed":     {state.Key{SK: "a"}, "partition key is empty"},
		"a sort key is needed":          {state.Key{PK: "a"}, "sort key is empty"},
		"a long partition key":          {state.Key{PK: strings.Repeat("p", 2049), SK: "s"}, "at most 2048"},
		"a long sort key":               {state.Key{PK: "p", SK: strings.Repeat("s", 1025)}, "at most 1024"},
		"bytes that are no UTF-8":       {state.Key{PK: "p", SK: "\xff"}, "not plain UTF-8"},
		"NUL would break the key order": {state.Key{PK: "p\x00", SK: "s"}, "not plain UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, limits.Key(test.key), test.want)
		})
	}
}

func TestMessage(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fifo bool
		m    state.Outgoing
		want string
	}{
		"standard":                           {false, state.Outgoing{Body: []byte(`{"a":"ü\n"}`)}, ""},
		"standard with a delay":              {false, state.Outgoing{Body: []byte("x"), Delay: 15 * time.Minute}, ""},
		"standard with too long a delay":     {false, state.Outgoing{Body: []byte("x"), Delay: 16 * time.Minute}, "outside"},
		"standard with a negative delay":     {false, state.Outgoing{Body: []byte("x"), Delay: -1}, "outside"},
		"standard with a group":              {false, state.Outgoing{Body: []byte("x"), Group: "g"}, "neither group"},
		"fifo":                               {true, state.Outgoing{Body: []byte("x"), Group: "g", DedupID: "d"}, ""},
		"fifo without a group":               {true, state.Outgoing{Body: []byte("x"), DedupID: "d"}, "needs a group"},
		"fifo without a deduplication id":    {true, state.Outgoing{Body: []byte("x"), Group: "g"}, "needs a deduplication id"},
		"fifo with a delay":                  {true, state.Outgoing{Body: []byte("x"), Group: "g", DedupID: "d", Delay: 1}, "no delay"},
		"fifo with a space in the group":     {true, state.Outgoing{Body: []byte("x"), Group: "a b", DedupID: "d"}, "printable ASCII"},
		"fifo with too long an id":           {true, state.Outgoing{Body: []byte("x"), Group: "g", DedupID: strings.Repeat("d", 129)}, "at most 128"},
		"an empty body":                      {false, state.Outgoing{}, "body is empty"},
		"a body that XML cannot carry":       {false, state.Outgoing{Body: []byte("a\x01b")}, "U+0001"},
		"a body that is no UTF-8":            {false, state.Outgoing{Body: []byte("\xff")}, "not UTF-8"},
		"a body that carries data, not refs": {false, state.Outgoing{Body: bytes.Repeat([]byte("x"), 64<<10+1)}, "at most 65536"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, limits.Message(test.fifo, test.m), test.want)
		})
	}
}

func TestItemRefusesLargeData(t *testing.T) {
	t.Parallel()
	item := state.Item{Key: state.Key{PK: "p", SK: "s"}, Data: make([]byte, state.MaxItemBytes)}
	check(t, limits.Item(item), "")
	item.Data = append(item.Data, 0)
	if err := limits.Item(item); !errors.Is(err, state.ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
	check(t, limits.Item(state.Item{Key: item.Key, Version: -2}), "no meaning")
}

func TestExpiryInWholeSeconds(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_700_000_000, 0)
	if got := limits.Seconds(time.Time{}); got != 0 || !limits.Time(0).IsZero() || !limits.Live(0, at) {
		t.Error("the zero time must mean never")
	}
	if got := limits.Seconds(at.Add(time.Millisecond)); got != at.Unix()+1 {
		t.Errorf("a part of a second must round up, got %d", got)
	}
	if !limits.Live(at.Unix(), at.Add(-time.Nanosecond)) || limits.Live(at.Unix(), at) {
		t.Error("an item must live until its expiry and not at it")
	}
}

func TestNoSecret(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{
		"": true, "{}": true, " { } \n": true, "null": true,
		`{"a":""}`: false, "text": false, "[]": false, "{": false,
	} {
		if got := limits.NoSecret([]byte(value)); got != want {
			t.Errorf("%q: got %v, want %v", value, got, want)
		}
	}
}

func check(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("refused: %v", err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("got error %v, want one with %q", err, want)
	}
}

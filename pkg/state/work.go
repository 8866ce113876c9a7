package state

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// MessageVersion is the version of the messages this code sends and understands.
const MessageVersion = 1

// Work is the body of a message on the customers and alerts queues: a hint that
// a customer is due. It carries references, never data.
type Work struct {
	Version  int    `json:"version"`
	Run      string `json:"run"`
	Customer string `json:"customer"`
	Index    int    `json:"index"` // place in the run's progress, from 0
}

// RunMessage is the body of a message on the runs queue.
type RunMessage struct {
	Version int    `json:"version"`
	Run     string `json:"run"`
}

// PermanentError is an input that no repetition can mend: the message becomes a
// dead letter and the reason is kept for a person.
type PermanentError struct{ Reason string }

func (e *PermanentError) Error() string { return e.Reason }

// ParseWork reads a work message strictly. Its error is always a *PermanentError.
func ParseWork(body []byte) (Work, error) {
	var w Work
	if err := known(body); err != nil {
		return w, err
	}
	if err := strict(body, &w); err != nil {
		return w, &PermanentError{"message is not a work message: " + err.Error()}
	}
	switch {
	case w.Run == "" || w.Customer == "":
		return w, &PermanentError{"message names no run or no customer"}
	case w.Index < 0:
		return w, &PermanentError{"message has a negative index"}
	}
	return w, nil
}

// ParseRunMessage reads a runs message strictly. Its error is always a *PermanentError.
func ParseRunMessage(body []byte) (RunMessage, error) {
	var m RunMessage
	if err := known(body); err != nil {
		return m, err
	}
	if err := strict(body, &m); err != nil {
		return m, &PermanentError{"message is not a run message: " + err.Error()}
	}
	if m.Run == "" {
		return m, &PermanentError{"message names no run"}
	}
	return m, nil
}

// known looks at the version alone and first: a message of another version may
// well have members that this one does not know. What is no message at all passes.
func known(body []byte) error {
	var v struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(body, &v); err == nil && v.Version != MessageVersion {
		return &PermanentError{fmt.Sprintf("message version %d is unknown, this bridge understands %d", v.Version, MessageVersion)}
	}
	return nil
}

func strict(body []byte, v any) error {
	dec := json.NewDecoder(strings.NewReader(string(body)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return err
	}
	if dec.More() {
		return fmt.Errorf("something stands behind the JSON object")
	}
	return nil
}

// LetterReason is why a message could not be handled, kept under its queue and id.
type LetterReason struct {
	Queue  string    `json:"queue"`
	ID     string    `json:"id"`
	Body   string    `json:"body"` // at most letterBody bytes
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// letterBody bounds the kept body; the whole message lies in the dead-letter queue.
const letterBody = 8 << 10

// letterKept is how long a reason is kept: longer than the queue keeps the message.
const letterKept = 30 * 24 * time.Hour

// KeepLetter records why a message will end as a dead letter.
func KeepLetter(ctx context.Context, t Table, l LetterReason) error {
	if len(l.Body) > letterBody {
		l.Body = l.Body[:letterBody]
	}
	l.Body = strings.ToValidUTF8(l.Body, "\uFFFD")
	_, err := Save(ctx, t, Key{pkLetter, l.Queue + "#" + l.ID}, l, Any, l.At.Add(letterKept).Truncate(time.Second))
	return err
}

// LetterReasons reads all kept reasons, keyed queue#message id.
func LetterReasons(ctx context.Context, t Table) (map[string]LetterReason, error) {
	return LoadAll[LetterReason](ctx, t, pkLetter)
}

// DropLetter forgets the reason of a replayed letter.
func DropLetter(ctx context.Context, t Table, queue, id string) error {
	return t.Delete(ctx, Key{pkLetter, queue + "#" + id}, Any)
}

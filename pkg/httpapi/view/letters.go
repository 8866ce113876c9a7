package view

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"uniview-bridge/pkg/state"
)

// Letter is a message that could not be handled.
type Letter struct {
	ID       string    `json:"id"` // queue and message id
	Queue    string    `json:"queue"`
	Reason   string    `json:"reason"`
	Body     string    `json:"body"` // cut, made readable
	SentAt   time.Time `json:"sentAt,omitzero"`
	Receives int       `json:"receives"`
}

// queues are those that have dead letters.
var queues = []string{state.RunsQueue, state.CustomersQueue, state.AlertsQueue}

// MaxLetters bounds what is shown of one queue.
const MaxLetters = 100

// maxBody bounds the shown body, in bytes.
const maxBody = 2 << 10

// DeadLetters lists messages that could not be handled, oldest first per queue.
func (m *Model) DeadLetters(ctx context.Context) ([]Letter, error) {
	out := []Letter{}
	if m.Letters == nil {
		return out, nil
	}
	reasons, err := state.LetterReasons(ctx, m.Table)
	if err != nil {
		return nil, err
	}
	for _, queue := range queues {
		letters, err := m.Letters.Letters(ctx, queue, MaxLetters)
		if err != nil {
			return nil, err
		}
		for _, l := range letters {
			reason := reasons[queue+"#"+l.ID].Reason
			if reason == "" {
				reason = "no reason was kept: the function may have crashed or run out of time"
			}
			out = append(out, Letter{
				ID: queue + ":" + l.ID, Queue: queue, Reason: reason, Body: readable(l.Body), SentAt: l.SentAt, Receives: l.Receives,
			})
		}
	}
	return out, nil
}

// lettersFor is how long the number of dead letters is kept between reads:
// counting asks the queues, and pages ask often.
const lettersFor = 20 * time.Second

// LetterCount is how many messages could not be handled.
func (m *Model) LetterCount(ctx context.Context) (int, error) {
	if m.Letters == nil {
		return 0, nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if time.Since(m.counted) < lettersFor {
		return m.letters, nil
	}
	n := 0
	for _, queue := range queues {
		letters, err := m.Letters.Letters(ctx, queue, MaxLetters)
		if err != nil {
			return 0, err
		}
		n += len(letters)
	}
	m.letters, m.counted = n, time.Now()
	return n, nil
}

// LetterID takes the id of a letter apart.
func LetterID(id string) (queue, message string, ok bool) {
	queue, message, ok = strings.Cut(id, ":")
	return queue, message, ok && message != "" && slices.Contains(queues, queue)
}

func readable(body []byte) string {
	s := strings.ToValidUTF8(string(body), string(utf8.RuneError))
	if len(s) <= maxBody {
		return s
	}
	s = s[:maxBody]
	for !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s + "…"
}

package bridge

import (
	"uniview-bridge/pkg/handler"
	"uniview-bridge/pkg/state"
)

// SyncHandler handles schedules and the runs queue.
func (b *Bridge) SyncHandler() handler.Sync {
	return handler.Sync{Runs: b.queue(state.RunsQueue), Schedule: b.Account.Schedule}
}

// MatcherHandler handles the customers queue.
func (b *Bridge) MatcherHandler() handler.Queue { return b.queue(state.CustomersQueue) }

// TicketsHandler handles the alerts queue.
func (b *Bridge) TicketsHandler() handler.Queue { return b.queue(state.AlertsQueue) }

func (b *Bridge) queue(name string) handler.Queue {
	q := handler.Queue{Name: name, Table: b.Table, Now: b.Now, Log: b.Log, Notice: b.Notices.Count}
	switch name {
	case state.RunsQueue:
		q.Do = handler.Runs(b.Account.Continue)
	case state.CustomersQueue:
		q.Do = handler.Work(b.Matcher.Handle)
	case state.AlertsQueue:
		q.Do = handler.Work(b.Tickets.Handle)
	}
	return q
}

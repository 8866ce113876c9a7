package demo

import (
	"cmp"
	"container/heap"
	"fmt"
	"slices"
	"time"

	connectwise "uniview-bridge/pkg/connectwise/sandbox"
	uniview "uniview-bridge/pkg/uniview/sandbox"
)

// life is the queue of what happens next. Everything in it follows from the seed
// and the time alone.
type life struct {
	events   events
	lived    time.Time
	deskNext time.Time
}

type event struct {
	at time.Time
	n  int // order among events of one moment
	do func(at time.Time)
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return cmp.Or(e[i].at.Compare(e[j].at), cmp.Compare(e[i].n, e[j].n)) < 0
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }

// Push implements heap.Interface.
func (e *events) Push(x any) { *e = append(*e, x.(event)) } //nolint:forcetypeassert // only plan pushes

// Pop implements heap.Interface.
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

func (w *World) plan(at time.Time, do func(at time.Time)) {
	heap.Push(&w.life.events, event{at, len(w.life.events), do})
}

// begin gives every machine its past and plans its next backup.
func (w *World) begin() {
	w.life.lived = w.o.Epoch
	w.life.deskNext = w.o.Epoch.Add(4 * time.Minute)
	w.UniView.Edit(func(st *uniview.State) {
		n := 0
		for _, late := range []bool{false, true} {
			for _, c := range w.customers {
				for _, m := range c.machines {
					if m.late == late {
						n++
						w.past(st, m, n)
					}
				}
			}
		}
		w.alerts(st)
	})
	for i, c := range w.customers {
		for j, tag := range c.appliances {
			if w.chance("offline", i, j) < 0.05 {
				w.planOutage(tag, w.o.Epoch.Add(time.Duration(w.chance("outage", i, j)*float64(8*time.Hour))))
			}
		}
	}
}

// past gives a machine its last backup before the epoch.
func (w *World) past(st *uniview.State, m *machine, n int) {
	epoch := w.o.Epoch
	age := time.Duration(w.chance("phase", n) * float64(m.every))
	next := epoch.Add(m.every - age)
	fate := w.chance("fate", n)
	if m.dead {
		fate = 0.999
	}
	if m.endpoint != "" {
		e := st.Endpoint(m.endpoint)
		e.LastSuccess, e.LastOnline = epoch.Add(-age), epoch.Add(-age/2)
		switch {
		case !*e.BackupEnabled:
			m.dead = true
			e.LastSuccess = epoch.Add(-40 * 24 * time.Hour)
		case fate > 0.96:
			m.dead = true
			e.LastSuccess, e.Status = epoch.Add(-time.Duration(4+n%30)*24*time.Hour), "offline"
			w.trap(Stale)
		case fate > 0.95:
			m.dead = true
			e.LastSuccess = time.Time{}
			w.trap(NeverBackedUp)
		}
	} else {
		b := uniview.Backup{
			AssetKey: m.asset, StartTime: epoch.Add(-age - 20*time.Minute), CompleteTime: epoch.Add(-age),
			SizeMB: int64(500 + 200*(n%97)), Status: "Successful", ReplicationStatus: "Successful", Type: "Incremental",
		}
		switch {
		case fate > 0.975:
			m.dead = true
			b.StartTime, b.CompleteTime = b.StartTime.Add(-time.Duration(3+n%20)*24*time.Hour), b.CompleteTime.Add(-time.Duration(3+n%20)*24*time.Hour)
			w.trap(Stale)
		case fate > 0.965:
			w.trap(NeverBackedUp)
			m.dead = true
			return
		case fate > 0.955:
			b.StartTime, b.CompleteTime, b.Status = epoch.Add(-10*time.Minute), time.Time{}, "InProgress"
			w.trap(Running)
			next = epoch.Add(30 * time.Minute)
		case fate > 0.90:
			b.Status, m.broken = "Failed", true
		case fate > 0.85:
			b.Status = "Warning"
		}
		st.AddBackup(b)
	}
	if !m.dead {
		w.plan(next, func(at time.Time) { w.backup(m, n, at) })
	}
}

// backup lets one backup of a machine end, and plans the next.
func (w *World) backup(m *machine, n int, at time.Time) {
	w.plan(at.Add(m.every), func(at time.Time) { w.backup(m, n, at) })
	luck := w.chance("luck", n, at.Unix())
	w.UniView.Edit(func(st *uniview.State) {
		if m.endpoint != "" {
			if luck < 0.93 {
				e := st.Endpoint(m.endpoint)
				e.LastSuccess, e.LastOnline = at, at
				e.StorageUsed += int64(luck * 1e9)
			}
			return
		}
		status := "Successful"
		switch {
		case m.broken && luck < 0.5, luck < 0.03:
			status, m.broken = "Failed", true
		case luck < 0.08:
			status = "Warning"
		default:
			m.broken = false
		}
		b := st.AddBackup(uniview.Backup{
			AssetKey: m.asset, StartTime: at.Add(-15 * time.Minute), Status: "InProgress", ReplicationStatus: "Successful",
		})
		st.FinishBackup(b, status, int64(300+luck*9000), at)
		if status != "Failed" {
			return
		}
		a := w.jobAlert(st, m, at)
		w.plan(at.Add(time.Duration(2+luck*60)*time.Hour), func(at time.Time) {
			w.UniView.Edit(func(st *uniview.State) { st.Dismiss(at, a) })
		})
	})
}

func (w *World) planOutage(tag string, at time.Time) {
	w.plan(at, func(at time.Time) {
		w.UniView.Edit(func(st *uniview.State) { st.ApplianceOffline(tag, at) })
		w.plan(at.Add(25*time.Minute), func(at time.Time) {
			w.UniView.Edit(func(st *uniview.State) { st.ApplianceOnline(tag, at) })
			w.planOutage(tag, at.Add(5*time.Hour))
		})
	})
}

// Live lets everything happen that is due by now.
func (w *World) Live() {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.o.Now().UTC()
	for len(w.life.events) > 0 && !w.life.events[0].at.After(now) {
		e := heap.Pop(&w.life.events).(event) //nolint:forcetypeassert // only plan pushes
		e.do(e.at)
	}
	w.life.lived = now
	for !w.o.Calm && w.life.deskNext.Before(now) {
		w.technician(w.life.deskNext)
		w.life.deskNext = w.life.deskNext.Add(3 * time.Minute)
		if now.Sub(w.life.deskNext) > time.Hour {
			w.life.deskNext = now // nobody worked while the world was away
		}
	}
}

// technician acts on one open ticket that an integration opened.
func (w *World) technician(at time.Time) {
	w.ConnectWise.Edit(func(st *connectwise.State) {
		var open []int
		for i := range st.Tickets {
			t := &st.Tickets[i]
			if t.ExternalXRef != "" && !st.Closed(t) && t.MergedInto == 0 {
				open = append(open, t.ID)
			}
		}
		if len(open) < 5 {
			return
		}
		id := open[int(w.chance("ticket", at.Unix())*float64(len(open)))]
		switch act := w.chance("act", at.Unix()); {
		case act < 0.45:
			st.LogTime(id, 0.25, "Checked the backup job, retrying tonight.", "tech1")
		case act < 0.65:
			st.CloseTicket(id, "tech2")
		case act < 0.85:
			st.MoveTicket(id, w.desk.other, "dispatch")
		case act < 0.95:
			other := open[(slices.Index(open, id)+1)%len(open)]
			if st.Ticket(id).CompanyID == st.Ticket(other).CompanyID {
				st.MergeTickets(other, "dispatch", id)
			}
		default:
			st.DeleteTicket(id)
		}
	})
}

// alerts fills BackupIQ with what has not been dismissed before the epoch.
func (w *World) alerts(st *uniview.State) {
	var failing, all []*machine
	for _, c := range w.customers {
		for _, m := range c.machines {
			if m.asset == "" || m.late {
				continue
			}
			all = append(all, m)
			if m.broken || m.dead {
				failing = append(failing, m)
			}
		}
	}
	if len(failing) == 0 {
		failing = all
	}
	for i := 0; len(st.Alerts) < w.o.Alerts && len(all) > 0; i++ {
		ago := time.Duration(w.chance("alert", i)*float64(14*24*time.Hour)) + time.Hour
		at := w.o.Epoch.Add(-ago).Truncate(time.Second)
		m := failing[i%len(failing)]
		switch {
		case i%20 < 10:
			a := w.jobAlert(st, m, at)
			if i%20 < 3 {
				w.jobAlert(st, m, at.Add(ago/2).Truncate(time.Second))
				w.trap(RepeatedAlert)
			}
			if i%20 == 9 {
				a.Muted = true
				w.trap(MutedAlert)
			}
		case i%20 < 16:
			// BackupIQ's conditional alarms do not always name the machine.
			name := " for " + m.name
			if i%3 == 0 {
				name = ""
				w.trap(UnnamedAlert)
			}
			st.AddAlert(uniview.Alert{
				Type: "conditional", Severity: "alarm", AssetKey: m.asset, Created: at, Condition: "nobackup/" + m.asset,
				Message:      fmt.Sprintf("The asset backup%s was not created for the last %d hour(s).", name, 25+i%60),
				Interrogated: "No successful backup was found within the threshold. Check the schedule of the asset.",
			})
		case i%20 < 19:
			tag := all[(i*31)%len(all)].customer.appliances[0]
			ap := st.Appliance(tag)
			st.AddAlert(uniview.Alert{
				Type: "alert", Severity: []string{"warning", "critical"}[i%2], AssetTag: tag, Created: at,
				Message: []string{
					fmt.Sprintf("Storage of appliance %s is %d%% full.", ap.Name, 85+i%14),
					"Drive 1 of the RAID array has failed.", "Drive 2 of the RAID array has failed.",
				}[(i/20)%3],
			})
			w.trap(ApplianceAlert)
			if i%60 == 16 {
				for _, d := range []string{"1", "2"} {
					st.AddAlert(uniview.Alert{
						Type: "alert", Severity: "critical", AssetTag: tag, Created: at, Message: "Drive " + d + " reports errors.",
					})
				}
				w.trap(TwinDrives)
			}
		default:
			st.AddAlert(uniview.Alert{
				Type: "helix", Severity: "warning", AssetTag: m.customer.appliances[0], Created: at,
				Message: "The Helix agent could not be updated on the appliance.",
			})
			w.trap(HelixAlert)
		}
	}
}

func (w *World) jobAlert(st *uniview.State, m *machine, at time.Time) *uniview.Alert {
	return st.AddAlert(uniview.Alert{
		Type: "job", Severity: "critical", AssetKey: m.asset, Created: at, JobName: "Nightly " + prefix(m.customer.name), JobType: "Backup",
		Message: "Backup of " + m.name + " failed: the agent did not answer within 300 seconds.",
	})
}

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	connectwise "uniview-bridge/pkg/connectwise/sandbox"
	"uniview-bridge/pkg/demo"
	itglue "uniview-bridge/pkg/itglue/sandbox"
	uniview "uniview-bridge/pkg/uniview/sandbox"
)

// control is the fourth port: what happens in the world, and what stands in it.
type control struct {
	clock    *watch
	world    *demo.World
	readings atomic.Int64 // how often the clock was read since it was put forward
}

// act is the body of every POST; which fields count depends on the address.
type act struct {
	Minutes int    `json:"minutes"`
	Machine string `json:"machine"` // its name in UniView
	Type    string `json:"type"`    // of an alert: job (default) or conditional
	Text    string `json:"text"`
	Status  string `json:"status"` // of a backup; Successful by default
	Ticket  int    `json:"ticket"`
	Do      string `json:"do"` // close, reopen, move, note, time, delete
	By      string `json:"by"` // member; tech1 by default
	Vendor  string `json:"vendor"`
	Revoked bool   `json:"revoked"`
}

func (c *control) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /clock", func(w http.ResponseWriter, _ *http.Request) {
		c.readings.Add(1)
		answer(w, map[string]time.Time{"now": c.clock.now().UTC()})
	})
	mux.HandleFunc("GET /readings", func(w http.ResponseWriter, _ *http.Request) { answer(w, c.readings.Load()) })
	mux.HandleFunc("GET /state", func(w http.ResponseWriter, _ *http.Request) { answer(w, c.read()) })
	for path, do := range map[string]func(act) error{
		"/advance": c.advance, "/alert": c.alert, "/backup": c.backup, "/dismiss": c.dismiss, "/ticket": c.technician, "/credentials": c.credentials,
	} {
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
			var a act
			err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&a)
			if err == nil {
				err = do(a)
			}
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			answer(w, map[string]time.Time{"now": c.clock.now().UTC()})
		})
	}
	return mux
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// advance puts the clock forward and lets the other customers' life go on. Who goes
// by the clock knows of it from the next reading on: GET /readings counts them.
func (c *control) advance(a act) error {
	c.clock.advance(time.Duration(a.Minutes) * time.Minute)
	c.readings.Store(0)
	c.world.Live()
	return nil
}

// on does something to a machine.
func (c *control) on(machine string, do func(st *uniview.State, a *uniview.Asset, now time.Time)) error {
	err := fmt.Errorf("no machine %q", machine)
	c.world.UniView.Edit(func(st *uniview.State) {
		for _, a := range st.Assets {
			if a.Name == machine {
				do(st, a, c.clock.now().UTC().Truncate(time.Second))
				err = nil
				return
			}
		}
	})
	return err
}

func (c *control) alert(a act) error {
	return c.on(a.Machine, func(st *uniview.State, m *uniview.Asset, now time.Time) {
		raised := uniview.Alert{Type: "job", Severity: "critical", AssetKey: m.Key, Created: now, JobName: "Nightly", JobType: "Backup", Message: "Backup of " + m.Name + " failed: the volume is full."}
		if a.Type == "conditional" {
			raised = uniview.Alert{
				Type: "conditional", Severity: "alarm", AssetKey: m.Key, Created: now, Condition: "nobackup/" + m.Key,
				Message: "The asset backup for " + m.Name + " was not created for the last 25 hour(s).",
			}
		}
		if a.Text != "" {
			raised.Message = a.Text
		}
		st.AddAlert(raised)
	})
}

func (c *control) backup(a act) error {
	status := a.Status
	if status == "" {
		status = "Successful"
	}
	return c.on(a.Machine, func(st *uniview.State, m *uniview.Asset, now time.Time) {
		b := st.AddBackup(uniview.Backup{AssetKey: m.Key, StartTime: now.Add(-10 * time.Minute), Status: "InProgress", ReplicationStatus: "Successful"})
		st.FinishBackup(b, status, 5300, now)
	})
}

func (c *control) dismiss(a act) error {
	return c.on(a.Machine, func(st *uniview.State, m *uniview.Asset, now time.Time) {
		for _, x := range st.Alerts {
			if x.AssetKey == m.Key {
				st.Dismiss(now, x)
			}
		}
	})
}

func (c *control) technician(a act) error {
	by := a.By
	if by == "" {
		by = "tech1"
	}
	err := fmt.Errorf("no ticket %d, or nothing that is called %q", a.Ticket, a.Do)
	c.world.ConnectWise.Edit(func(st *connectwise.State) {
		if st.Ticket(a.Ticket) == nil {
			return
		}
		err = nil
		switch a.Do {
		case "close":
			st.CloseTicket(a.Ticket, by)
		case "reopen":
			st.ReopenTicket(a.Ticket, by)
		case "move":
			st.MoveTicket(a.Ticket, st.DefaultBoardID, by)
		case "note":
			st.AddTechnicianNote(a.Ticket, a.Text, by)
		case "time":
			st.LogTime(a.Ticket, 0.5, a.Text, by)
		case "delete":
			st.DeleteTicket(a.Ticket)
		default:
			err = errors.New("do: close, reopen, move, note, time or delete")
		}
	})
	return err
}

// credentials has a vendor refuse what it accepted before, or accept it again.
func (c *control) credentials(a act) error {
	switch a.Vendor {
	case "uniview":
		c.world.UniView.Edit(func(st *uniview.State) { st.Credentials[0].Revoked = a.Revoked })
	case "itglue":
		c.world.ITGlue.Edit(func(st *itglue.State) { st.Revoked = a.Revoked })
	case "connectwise":
		c.world.ConnectWise.Edit(func(st *connectwise.State) { st.Revoked = a.Revoked })
	default:
		return fmt.Errorf("no vendor %q", a.Vendor)
	}
	return nil
}

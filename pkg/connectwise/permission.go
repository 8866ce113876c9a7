package connectwise

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"uniview-bridge/pkg/vendorhttp"
)

// Verdict is what could be found out about one right.
type Verdict string

// The three verdicts.
const (
	Granted      Verdict = "granted"
	Missing      Verdict = "missing"
	CouldNotTell Verdict = "could not tell"
)

// Right is one cell of the security role table that the native integration's
// page asks for, in that table's words, with what could be found out about it.
type Right struct {
	Section string // Companies, Service Desk, System
	Name    string // "Service Tickets"
	Level   string // add, edit, delete, inquire
	Verdict Verdict
	Detail  string // why, in plain words
	Extra   bool   // beyond the native page's table: an optional feature needs it, nothing depends on it
}

// permissionTime bounds CheckPermissions as a whole.
const permissionTime = 20 * time.Second

const (
	onlyByWriting = "this right cannot be seen without changing something"
	noRead        = "no list needs this right alone"
)

// CheckPermissions finds out, by reads only, which rights of the native page's
// role table the API member has. It takes at most 20 s; what was not answered by
// then could not be told. The right to change things cannot be tested without
// changing something, and is said to be so (connectwise.md §6).
func (c *Client) CheckPermissions(ctx context.Context) []Right {
	ctx, cancel := context.WithTimeout(ctx, permissionTime)
	defer cancel()
	f := c.probe(ctx)
	var rights []Right
	add := func(extra bool, section, name, level string, r finding) {
		rights = append(rights, Right{Section: section, Name: name, Level: level, Verdict: r.verdict, Detail: r.detail, Extra: extra})
	}
	unseen := finding{CouldNotTell, onlyByWriting}
	add(false, "Companies", "Company Maintenance", "inquire", f["companies"])
	add(false, "Companies", "Company / Contact Group Maintenance", "inquire", finding{CouldNotTell, noRead})
	for _, name := range []string{
		"Close Service Tickets", "Merge Tickets", "Service Tickets - Dependencies", "Service Tickets", "Service Tickets - Finance",
	} {
		inquire := finding{CouldNotTell, noRead}
		if name == "Service Tickets" {
			inquire = f["tickets"]
		}
		add(false, "Service Desk", name, "add", unseen)
		add(false, "Service Desk", name, "edit", unseen)
		add(false, "Service Desk", name, "inquire", inquire)
	}
	add(false, "System", "Table Setup", "inquire", tableSetup(f))
	add(true, "Companies", "Configurations", "inquire", forFeature(f["configurations"], "linking devices to tickets"))
	for _, level := range []struct{ name, does string }{{"add", "register"}, {"edit", "switch on again"}, {"delete", "remove"}} {
		add(true, "System", "Table Setup", level.name, forFeature(unseen, "callbacks, an optional fast path, to "+level.does+" one"))
	}
	add(true, "System", "Member Maintenance", "inquire", forFeature(f["members"], "showing the names of assigned members"))
	return rights
}

// finding is the verdict of one probe.
type finding struct {
	verdict Verdict
	detail  string
}

// setupTables are the lists that the Table Setup right opens, in the order in
// which they are named. A role may be customised to some of them only.
var setupTables = []string{"boards", "board statuses", "board types", "priorities", "sources", "company statuses"}

// probe reads one record of each list that a right opens, a few at a time.
func (c *Client) probe(ctx context.Context) map[string]finding {
	var (
		mu    sync.Mutex
		wg    sync.WaitGroup
		found = map[string]finding{}
		slots = make(chan struct{}, 4)
	)
	set := func(name string, f finding) {
		mu.Lock()
		defer mu.Unlock()
		found[name] = f
	}
	run := func(name string, op operation, ids ...int) {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			_, err := c.peek(ctx, op, ids...)
			set(name, findingOf(err))
		})
	}
	run("companies", listCompanies)
	run("tickets", listTickets)
	run("priorities", listPriorities)
	run("sources", listSources)
	run("company statuses", listCompanyStatuses)
	run("configurations", probeConfigurations)
	run("members", probeMembers)
	board, err := c.peek(ctx, listBoards)
	set("boards", findingOf(err))
	if vendorhttp.IsForbidden(err) {
		board, _ = c.peek(ctx, listBoardInfo) // any board will do for the probes below
	}
	if board > 0 {
		run("board statuses", listStatuses, board)
		run("board types", listTypes, board)
	} else {
		none := finding{CouldNotTell, "no board could be read to try it on"}
		set("board statuses", none)
		set("board types", none)
	}
	wg.Wait()
	return found
}

// peek reads at most one record of a list and gives its id, 0 for an empty list.
func (c *Client) peek(ctx context.Context, op operation, ids ...int) (int, error) {
	resp, err := c.do(ctx, call{op: op, ids: ids, query: url.Values{"pageSize": {"1"}, "fields": {"id"}}})
	if err != nil {
		return 0, err
	}
	var rows []recordID
	if err := decode(resp, op, &rows); err != nil || len(rows) == 0 {
		return 0, err
	}
	return rows[0].ID, nil
}

func findingOf(err error) finding {
	var e *vendorhttp.Error
	switch {
	case err == nil:
		return finding{Granted, "read with success"}
	case vendorhttp.IsForbidden(err):
		return finding{Missing, "ConnectWise refused the read"}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, vendorhttp.ErrDeadline):
		return finding{CouldNotTell, fmt.Sprintf("no answer within %d s", int(permissionTime.Seconds()))}
	case vendorhttp.IsAuth(err):
		return finding{CouldNotTell, "the credentials were refused"}
	case errors.As(err, &e):
		return finding{CouldNotTell, "the read failed: " + strings.TrimSpace(string(e.Kind)+" "+statusWord(e.Status))}
	}
	return finding{CouldNotTell, "the read failed"}
}

func statusWord(status int) string {
	if status == 0 {
		return ""
	}
	return fmt.Sprintf("(%d)", status)
}

// tableSetup joins the probes of the setup tables: one refused table means that
// the right is not "All", and the tables are named.
func tableSetup(f map[string]finding) finding {
	var refused, unclear []string
	for _, name := range setupTables {
		switch f[name].verdict {
		case Granted:
		case Missing:
			refused = append(refused, name)
		default:
			unclear = append(unclear, name+" ("+f[name].detail+")")
		}
	}
	switch {
	case len(refused) == len(setupTables):
		return finding{Missing, "ConnectWise refused every setup table"}
	case len(refused) > 0:
		return finding{Missing, "ConnectWise refused these setup tables: " + strings.Join(refused, ", ")}
	case len(unclear) > 0:
		return finding{CouldNotTell, "not readable now: " + strings.Join(unclear, ", ")}
	}
	return finding{Granted, "all setup tables in use were read with success"}
}

func forFeature(f finding, feature string) finding {
	f.detail = "needed only for " + feature + "; " + f.detail
	return f
}

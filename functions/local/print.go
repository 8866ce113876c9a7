package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"uniview-bridge/pkg/bridge"
	"uniview-bridge/pkg/httpapi/view"
	"uniview-bridge/pkg/plan"
	"uniview-bridge/pkg/platform/local"
	"uniview-bridge/pkg/state"
)

// printer tells whoever started the program what goes on.
type printer struct {
	b     *bridge.Bridge
	store *local.Store
	out   io.Writer
	began time.Time

	told  map[string]state.RunState
	drain string
}

func (p *printer) welcome(base, link string, trial bool) {
	fmt.Fprintf(p.out, "UniView Bridge\n  console  %s\n  sign in  %s\n  health   %s/healthz\n", base, link, base)
	if trial {
		fmt.Fprintln(p.out, "  vendors  three sandboxes with an invented managed service provider; enter real credentials to use real ones (README.md)")
	}
	fmt.Fprintln(p.out)
}

// nextSteps says how to begin with real vendors.
func (p *printer) nextSteps(base string) {
	fmt.Fprintf(p.out, "No credentials are entered yet. Sign in with the link above and choose Set up the bridge (%s/start):\nit leads from the three connections to going live. Nothing is written before that.\n\n", base)
}

func (p *printer) line(format string, args ...any) {
	fmt.Fprintf(p.out, "%7.1fs  %s\n", time.Since(p.began).Seconds(), fmt.Sprintf(format, args...))
}

// follow prints what is new about the runs, once a second.
func (p *printer) follow(ctx context.Context) error {
	p.told = map[string]state.RunState{}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := p.look(ctx); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
}

func (p *printer) look(ctx context.Context) error {
	runs, err := state.Runs(ctx, p.b.Table, "", 5)
	if err != nil {
		return err
	}
	slices.Reverse(runs)
	for _, r := range runs {
		if p.told[r.ID] == r.State {
			continue
		}
		was := p.told[r.ID]
		p.told[r.ID] = r.State
		if was == "" && r.State.Ended() && r.Created.Before(p.began) {
			continue
		}
		switch {
		case r.State == state.Working:
			p.line("%s sync: everything is read and decided", r.Scope)
			p.summary(r)
		case r.State.Ended():
			if was != state.Working && r.Messages > 0 {
				p.summary(r)
			}
			p.line("%s sync %s: %s", r.Scope, r.State, reason(r))
		default:
			p.line("%s sync %s", r.Scope, r.State)
		}
	}
	return p.draining(ctx, runs)
}

// summary shows links, statuses and the plan of a run.
func (p *printer) summary(r state.Run) {
	if len(r.Customers) > 0 {
		fmt.Fprintln(p.out, "          customers by organization:    ", counts(r.Customers))
	}
	if len(r.Machines) > 0 {
		fmt.Fprintln(p.out, "          machines by configuration:    ", counts(r.Machines))
		fmt.Fprintln(p.out, "          machines by backup status:    ", counts(r.Statuses))
	}
	for _, c := range r.Counts {
		if c.Action != plan.Skip {
			fmt.Fprintf(p.out, "          %s: %s %d %ss\n", planned(r, c.Kind), c.Action, c.N, c.Kind)
		}
	}
	for _, st := range r.Stages {
		if st.Failed > 0 {
			fmt.Fprintf(p.out, "          %s: %s\n", st.Name, st.Detail)
		}
	}
}

// planned says what becomes of the planned changes of a kind.
func planned(r state.Run, kind plan.Kind) string {
	side := state.ITGlue
	if kind == plan.Ticket {
		side = state.ConnectWise
	}
	if slices.Contains(r.Preview, side) {
		return "planned only (preview)"
	}
	return "planned"
}

// reason is why a run ended as it did. Of sides in preview it only planned.
func reason(r state.Run) string {
	if len(r.Preview) == 0 {
		return r.Reason
	}
	var names []string
	for _, side := range r.Preview {
		names = append(names, view.VendorName(side))
	}
	only := "planned only: preview for " + strings.Join(names, " and ")
	if r.Reason == "" {
		return only
	}
	return r.Reason + " (" + only + ")"
}

// done is how far the work of a run is.
func done(r state.Run, p state.Progress) string {
	text := fmt.Sprintf("%s sync: %d of %d customer jobs done", r.Scope, p.Reported, r.Messages)
	if len(p.Changed) > 0 {
		text += " (" + counts(p.Changed) + ")"
	}
	return text
}

func counts(m map[string]int) string {
	parts := make([]string, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, fmt.Sprintf("%s %d", k, m[k]))
	}
	return strings.Join(parts, ", ")
}

// draining shows how far publishing and ticketing are.
func (p *printer) draining(ctx context.Context, runs []state.Run) error {
	var parts []string
	for _, r := range runs {
		if r.State != state.Working {
			continue
		}
		progress, err := state.LoadProgress(ctx, p.b.Table, r.ID)
		if err != nil {
			return err
		}
		parts = append(parts, done(r, progress))
	}
	text := strings.Join(parts, "; ")
	if text != "" && text != p.drain {
		p.line("%s", text)
	}
	p.drain = text
	return nil
}

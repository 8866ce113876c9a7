package model_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// change is one replacement in the sources of a package of the bridge.
type change struct{ folder, old, new string }

type brokenBuild struct {
	name    string
	changes []change
}

// brokenBuilds are bridges without one of the things that the protocols stand on.
// Each must be caught by TestHistories. The old text must stand in the package exactly
// once: who changes it says here what it is now.
var brokenBuilds = []brokenBuild{
	{"no claim", []change{{
		"..",
		"\tif err := j.claim(ctx, g); err != nil {\n\t\treturn err\n\t}\n\tfound, err :=",
		"\tj.put(g)\n\tfound, err :=",
	}}},
	{"no search", []change{
		{
			"..",
			"found, err := j.session.Client.FindTickets(ctx, g.Reference)\n\tif err != nil {\n\t\t// A failed search",
			"found, err := []connectwise.Ticket(nil), error(nil)\n\tif err != nil {\n\t\t// A failed search",
		},
		{
			"..",
			"found, err := j.session.Client.FindTickets(ctx, g.Reference)\n\tif err != nil {\n\t\tdoubt :=",
			"found, err := []connectwise.Ticket(nil), error(nil)\n\tif err != nil {\n\t\tdoubt :=",
		},
	}},
	{"digest without due dates", []change{{"../../state", "case !d.NextAt.IsZero() && !now.Before(d.NextAt):", "case false:"}}},
	{"one snapshot instead of two", []change{{"../../alert", "case o.Absent.IsZero():", "case false:"}}},
	{"no lease", []change{{"../../alert", "if d.now.Before(p.Lease) {", "if false {"}}},
}

// brokenWithin is how many histories may pass before a broken build is caught.
const brokenWithin = 1000

var caught = regexp.MustCompile(`(?m)history (\d+): (.+)$`)

func TestTheModelCatchesBrokenBuilds(t *testing.T) {
	if !*broken {
		t.Skip("five builds of the bridge are made when asked for: go test ./pkg/ticketing/model -broken")
	}
	for _, b := range brokenBuilds {
		t.Run(b.name, func(t *testing.T) {
			seed, found := b.caughtBy(t)
			t.Logf("caught: %s, by history %d: %s", b.name, seed, found)
			if o := (history{seed: seed}).run(t); o.broken != "" {
				t.Errorf("the bridge as it is fails the same history: %s", o.broken)
			}
		})
	}
}

// caughtBy builds the broken bridge and lives histories with it until one fails.
func (b brokenBuild) caughtBy(t *testing.T) (seed uint64, found string) {
	t.Helper()
	folder := t.TempDir()
	sources := map[string]string{} // of the files that are changed
	for _, c := range b.changes {
		c.in(t, b.name, sources)
	}
	replace := map[string]string{}
	for file, text := range sources {
		original, err := filepath.Abs(file)
		if err != nil {
			t.Fatal(err)
		}
		patched := filepath.Join(folder, strconv.Itoa(len(replace))+"_"+filepath.Base(file))
		if err := os.WriteFile(patched, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		replace[original] = patched
	}
	raw, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(folder, "overlay.json")
	if err := os.WriteFile(overlay, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), "go", "test", "-overlay", overlay, "-count=1", "-vet=off", "-timeout=15m", "-run=^TestHistories$",
		".", "-histories", strconv.Itoa(brokenWithin), "-whole")
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	err = c.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		t.Fatalf("%d histories did not catch it", brokenWithin)
	case !errors.As(err, &exit):
		t.Fatalf("go test: %v\n%s", err, out.String())
	}
	at := caught.FindStringSubmatch(out.String())
	if at == nil {
		t.Fatalf("it did not fail for a broken invariant:\n%.3000s", out.String())
	}
	seed, err = strconv.ParseUint(at[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return seed, at[2]
}

// in makes the change where its old text stands.
func (c change) in(t *testing.T, build string, sources map[string]string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(c.folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	n, at := 0, ""
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, changed := sources[file]
		if !changed {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			text = string(raw)
		}
		if found := strings.Count(text, c.old); found > 0 {
			n, at = n+found, file
			sources[file] = text
		}
	}
	if n != 1 {
		t.Fatalf("the package in %s holds the text that %q breaks %d times, want once: say in brokenBuilds what it is now:\n%s", c.folder, build, n, c.old)
	}
	sources[at] = strings.Replace(sources[at], c.old, c.new, 1)
}

package model_test

import (
	"os"
	"strings"
	"testing"
)

// TestEveryRowOfTheTableIsKnown holds rows to the table in the doc comment of
// alert.Decide, both ways.
func TestEveryRowOfTheTableIsKnown(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("../../alert/decide.go")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	last, second, third := "", 0, 0
	done := func() {
		if last != "" {
			documented[last] = true
		}
		last = ""
	}
	for line := range strings.Lines(string(source)) {
		text, ok := strings.CutPrefix(strings.TrimRight(line, "\n"), "//\t")
		switch {
		case ok && strings.HasPrefix(text, "-----"):
			second = strings.Index(text, " -") + 1
			third = second + strings.Index(text[second:], " -") + 1
		case third == 0:
		case !ok:
			done()
			third = 0
		default:
			text += strings.Repeat(" ", max(0, third-len(text)))
			recorded, now := strings.TrimSpace(text[:second]), strings.TrimSpace(text[second:third])
			switch {
			case recorded != "":
				done()
				last = row{recorded: recorded, now: now}.String()
			case now != "":
				last += " " + now
			}
		}
	}
	if len(documented) < 30 {
		t.Fatalf("only %d rows found: has the table another form now?", len(documented))
	}
	for _, r := range rows {
		if !documented[r.String()] {
			t.Errorf("the table of alert.Decide has no row %q", r)
		}
		delete(documented, r.String())
	}
	for r := range documented {
		t.Errorf("the model does not know the row %q of the table of alert.Decide", r)
	}
}

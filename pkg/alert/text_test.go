package alert

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func goldenFacts() Facts {
	return Facts{
		Customer: "Ada Ltd", AsOf: at(0), Settings: ready(nil),
		Group: Group{Name: "SRV1", Reference: "uvb1:demo:c:g:2", Previous: 99, Severity: SeverityWarning, Told: map[string]Told{
			"v1:b": {Total: 1, Episode: 1, Open: true, Asset: "appliance:1"}, "v1:c": {Total: 1, Episode: 1, Open: true, Asset: "appliance:1"},
		}},
		Conditions: []Condition{
			openCondition("v1:a", func(c *Condition) {
				c.AssetKey, c.AssetName, c.Severity, c.Message = "appliance:1", "SRV1", SeverityCritical, "The asset backup was not created for the last 24 hour(s)."
			}),
			openCondition("v1:b", func(c *Condition) {
				c.AssetKey, c.AssetName, c.Message, c.Count, c.Total, c.Last = "appliance:1", "SRV1", "Backup of SRV1 failed.", 3, 3, at(-5)
			}),
			openCondition("v1:c", func(c *Condition) {
				c.AssetKey, c.AssetName, c.Message, c.State = "appliance:1", "SRV1", "Job Nightly failed.", ConditionOver
				c.Evidence = &Evidence{Why: Recovered, AsOf: at(-2), Good: at(-30), Last: at(-60)}
			}),
		},
		Links:  []Link{{"SRV1 in UniView", "https://unitrends.example/links/asset/1"}},
		Remark: "The customer Ada Ltd has no company of its own in ConnectWise, this is the default company: no company found",
	}
}

func TestTextsAreAsAgreed(t *testing.T) {
	t.Parallel()
	f := goldenFacts()
	check := func(name, got, want string) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	check("summary", SummaryText(f), "SRV1: The asset backup was not created for the last 24 hour… and 1 more (since 2026-03-10 11:00 UTC)")
	check("description", DescriptionText(f), `The backup system reports trouble with SRV1 of Ada Ltd.

- The asset backup was not created for the last 24 hour(s). (critical; first 2026-03-10 11:00 UTC)
- Backup of SRV1 failed. (warning; 3 times, first 2026-03-10 11:00 UTC, last 2026-03-10 11:55 UTC)

This ticket is kept up to date automatically and closes itself when the trouble is over.`)
	check("internal", InternalText(f), `The customer Ada Ltd has no company of its own in ConnectWise, this is the default company: no company found
Earlier ticket on the same trouble: #99.
SRV1 in UniView: https://unitrends.example/links/asset/1
As of 2026-03-10 12:00 UTC. UniView cannot be written by other programs: dismiss the alert there when it is dealt with.
[uvb1:demo:c:g:2 note 0]`)
	check("note", NoteText(f, Note, "the trouble goes on", 4), `The trouble goes on.
- The asset backup was not created for the last 24 hour(s). (critical; first 2026-03-10 11:00 UTC)
- Backup of SRV1 failed. (warning; 3 times, first 2026-03-10 11:00 UTC, last 2026-03-10 11:55 UTC)
- Over: Job Nightly failed.: a good backup completed 2026-03-10 11:30 UTC, after the last occurrence 2026-03-10 11:00 UTC; the alert is not dismissed in UniView (read 2026-03-10 11:58 UTC)
As of 2026-03-10 12:00 UTC.
[uvb1:demo:c:g:2 note 4]`)
	check("escalation", strings.SplitN(NoteText(f, Escalate, "severity grew", 5), "\n", 2)[0], "The trouble got worse: severity critical.")
	check("reopening", strings.SplitN(NoteText(f, Reopen, "back", 5), "\n", 2)[0], "The trouble is back. This ticket is reopened automatically.")
	f.Conditions = f.Conditions[2:]
	check("closing", NoteText(f, Close, "all its troubles are over", 6), `The trouble is over. This ticket is closed automatically.
- Over: Job Nightly failed.: a good backup completed 2026-03-10 11:30 UTC, after the last occurrence 2026-03-10 11:00 UTC; the alert is not dismissed in UniView (read 2026-03-10 11:58 UTC)
As of 2026-03-10 12:00 UTC.
[uvb1:demo:c:g:2 note 6]`)
}

func TestNoteIsRecognisedByItsWholeMark(t *testing.T) {
	t.Parallel()
	text := NoteText(goldenFacts(), Note, "x", 12)
	if !HasNote(text, "uvb1:demo:c:g:2", 12) || HasNote(text, "uvb1:demo:c:g:2", 1) || HasNote(text, "uvb1:demo:c:g:21", 12) {
		t.Error("the mark of note 12 is not told apart")
	}
}

// Names and messages come from outside: in no text do they make lines, mark-up or
// a mark of ours.
func TestOutsideTextsStayText(t *testing.T) {
	t.Parallel()
	hostile := "x\n[uvb1:demo:c:g:2 note 7]\r\n<script>alert(1)</script> [here](https://evil.example) `rm`\u2028end"
	f := goldenFacts()
	f.Customer, f.Group.Name, f.Links[0].Name, f.Remark = hostile, hostile, hostile, hostile
	for i := range f.Conditions {
		f.Conditions[i].Message, f.Conditions[i].AssetName, f.Conditions[i].ApplianceName = hostile, hostile+"y", hostile
		f.Conditions[i].Severity = Severity(hostile)
	}
	for name, text := range map[string]string{
		"summary": SummaryText(f), "description": DescriptionText(f), "internal": InternalText(f),
		"note": NoteText(f, Note, hostile, 4), "escalation": NoteText(f, Escalate, "", 4), "closing": NoteText(f, Close, "", 4),
	} {
		for _, bad := range []string{"<", ">", "](", "`", "\r", "\u2028", "note 7]\n"} {
			if strings.Contains(text, bad) {
				t.Errorf("%s holds %q:\n%s", name, bad, text)
			}
		}
		if HasNote(text, "uvb1:demo:c:g:2", 7) {
			t.Errorf("%s passes for note 7:\n%s", name, text)
		}
	}
}

func TestATicketOfManyMachinesLinksToSomeOfThem(t *testing.T) {
	t.Parallel()
	f := goldenFacts()
	for range maxLinks + 4 {
		f.Links = append(f.Links, f.Links[0])
	}
	text := InternalText(f)
	if n := strings.Count(text, "https://"); n != maxLinks || !strings.Contains(text, "and 5 more links") {
		t.Errorf("%d links:\n%s", n, text)
	}
}

func TestSummaryFitsWhateverItIsMadeOf(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := goldenFacts()
		f.Group.Name = rapid.String().Draw(t, "name")
		f.Conditions = f.Conditions[:rapid.IntRange(0, 2).Draw(t, "n")]
		for i := range f.Conditions {
			f.Conditions[i].Message = rapid.String().Draw(t, "message")
		}
		s := SummaryText(f)
		if units(s) > MaxSummary || !utf8.ValidString(s) || strings.ContainsAny(s, "\n\r\t") {
			t.Fatalf("summary %q", s)
		}
	})
}

func TestSettings(t *testing.T) {
	t.Parallel()
	if err := ready(nil).Validate(); err != nil {
		t.Errorf("the defaults are refused: %v", err)
	}
	for _, tt := range []struct {
		name, overrides, want string
	}{
		{"a member that is none", `{"colour":1}`, `"colour" is not a ticket setting`},
		{"a wrong type", `{"boardId":"x"}`, "cannot unmarshal"},
		{"a negative id", `{"boardId":-1}`, "boardId must be 0 or an id"},
		{"a severity that is none", `{"priorities":{"mild":3}}`, `priorities: "mild"`},
		{"a grouping that is none", `{"grouping":"planet"}`, "grouping must be"},
		{"a policy that is none", `{"stillFailing":"shout"}`, "stillFailing must be"},
		{"a time too long", `{"noteEvery":99999999}`, "noteEvery must be between"},
		{"a class that is none", `{"graceByClass":{"x":{}}}`, `"x" is not a class`},
		{"a negative grace", `{"grace":{"after":-1}}`, "grace: times must be"},
		{"too many occurrences", `{"grace":{"occurrences":100000}}`, "occurrences must be"},
		{"a variable that is none", `{"summary":"{secret}"}`, "{secret} is not a variable"},
		{"searches that do not grow", `{"searchAfter":[5,5]}`, "searchAfter must be growing minutes"},
		{"a search at once", `{"searchAfter":[0]}`, "searchAfter must be growing minutes"},
		{"an empty template", `{"description":" "}`, "must not be empty"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var o Overrides
			if err := json.Unmarshal([]byte(tt.overrides), &o); err != nil {
				t.Fatal(err)
			}
			if _, err := ready(nil).With(o); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
	var o Overrides
	if err := json.Unmarshal([]byte(`{"boardId":9,"priorities":{"alarm":2},"autoClose":false}`), &o); err != nil {
		t.Fatal(err)
	}
	s, err := ready(nil).With(o)
	if err != nil || s.BoardID != 9 || s.AutoClose || s.CompanyID != 7 || s.PriorityOf(ClassBackup, SeverityAlarm) != 2 || s.PriorityOf(ClassBackup, SeverityWarning) != 0 {
		t.Errorf("overridden settings %+v, %v", s, err)
	}
	base := ready(nil)
	if again, err := base.With(nil); err != nil || !cmp.Equal(base, again) {
		t.Errorf("no overrides change settings: %v", err)
	}
}

func TestAPreviewShowsEveryText(t *testing.T) {
	t.Parallel()
	got, err := Preview(ready(func(s *Settings) { s.Summary = "{severity} {machine} ({count}): {what}" }), "Ada Ltd", at(0))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("critical SRV-FILES (3): The asset backup was not created for the last 24 hour(s)", got.Summary); diff != "" {
		t.Error(diff)
	}
	for name, text := range map[string]string{"description": got.Description, "internal": got.Internal, "note": got.Note, "closing": got.Closing} {
		if text == "" {
			t.Errorf("no %s", name)
		}
	}
	if !strings.Contains(got.Closing, "a good backup completed 2026-03-10 11:50 UTC") {
		t.Errorf("closing %q", got.Closing)
	}
	if _, err := Preview(ready(func(s *Settings) { s.Summary = "{secret}" }), "Ada Ltd", at(0)); err == nil || !strings.Contains(err.Error(), "{secret} is not a variable") {
		t.Errorf("error %v", err)
	}
}

package alert

import (
	"strconv"
	"strings"
	"testing"
)

func TestTemplateFoldsOnlyWhatChanges(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, message, want string }{
		{"a duration with (s)", "The asset backup was not created for the last 1 hour(s).", "The asset backup was not created for the last <duration>."},
		{"short durations", "late by 36h, retry in 5 min", "late by <duration>, retry in <duration>"},
		{"a drive keeps its number", "Drive 1 failed", "Drive 1 failed"},
		{"a drive keeps its number before a count noun", "Drive 2 errors were found", "Drive 2 errors were found"},
		{"counts after words that count", "Backup of SQL failed 3 times, 12 files skipped", "Backup of SQL failed <count>, <count> skipped"},
		{"sizes and percentages", "Free space 12.5 GB (3%) of 1,024 GiB", "Free space <size> (<percent>) of <size>"},
		{"times of many spellings", "since 2026-11-24T10:05:06.123Z or 11/24/2026 10:05 PM or Nov 24, 2026 at 10:05", "since <time> or <time> or <time>"},
		{"a clock alone", "started at 22:05:10 UTC", "started at <time>"},
		{"machine names with digits", "Backup of SRV-2h and web01.5m and dc_3 days", "Backup of SRV-2h and web01.5m and dc_3 days"},
		{"codes and ports", "error 1234 on port 443", "error 1234 on port 443"},
		{"an IP address with a port", "10.0.0.1:8080 refused", "10.0.0.1:8080 refused"},
		{"a MAC address", "00:11:22:33:44:55 left", "00:11:22:33:44:55 left"},
		{"white space", " a \n b\t c ", "a b c"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := Template(tt.message); got != tt.want {
				t.Errorf("Template(%q)\n got %q\nwant %q", tt.message, got, tt.want)
			}
		})
	}
}

func FuzzTemplateIsStable(f *testing.F) {
	for _, s := range []string{"The asset backup was not created for the last 1 hour(s).", "2 files 3 jobs 4%5m", "10:05Z10:06", "5 GB 2024-01-0110:05", "\xff 3 times", "1 s.2 s"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := Template(s)
		if twice := Template(once); twice != once {
			t.Errorf("Template(%q) = %q, and again %q", s, once, twice)
		}
		if once != strings.Join(strings.Fields(once), " ") {
			t.Errorf("Template(%q) = %q is not single-spaced", s, once)
		}
	})
}

func FuzzTwoDrivesStayTwo(f *testing.F) {
	f.Add("Drive ", " failed", 1, 2)
	f.Add("Disk ", " errors", 3, 12)
	f.Fuzz(func(t *testing.T, before, after string, a, b int) {
		if a == b || a < 0 || b < 0 || len(before)+len(after) > 500 {
			return
		}
		first, second := "Drive "+strconv.Itoa(a)+" failed. "+before+after, "Drive "+strconv.Itoa(b)+" failed. "+before+after
		if Template(first) == Template(second) {
			t.Errorf("%q and %q have one template %q", first, second, Template(first))
		}
	})
}

package sandbox

import (
	"strings"
	"testing"
	"time"
)

func sch(path string) (kind, bool) {
	k, ok := map[string]kind{
		"id": number, "summary": text, "closedflag": boolean, "lastupdated": date, "board": reference, "board/id": number, "board/name": text, "owner/id": number,
	}[strings.ToLower(path)]
	return k, ok
}

func row(path string) any {
	return map[string]any{
		"id": 42, "summary": "Backup [SRV01] failed 100%", "closedflag": false, "lastupdated": time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		"board/id": 7, "board/name": "Service Desk",
	}[strings.ToLower(path)]
}

func TestTheDocumentedConditions(t *testing.T) {
	t.Parallel()
	for expr, want := range map[string]bool{
		`id = 42`: true, `id=42`: true, `id != 42`: false, `id > 41 and id <= 42`: true, `id < 42 or id >= 43`: false,
		`summary = "backup [srv01] FAILED 100%"`: true, `summary='x'`: false, `summary = "backup*"`: true,
		`summary contains "srv01"`: true, `summary not contains "srv01"`: false, `summary contains "[SRV01] f"`: false, `summary contains "[[]srv01]"`: true, `summary contains "100[%]"`: true,
		`summary like "%[[]SRV01]%"`: true, `summary like "%SRV__]%"`: true, `summary like "Backup"`: false, `summary not like "x%"`: true,
		`summary like "%100[%]"`: true,
		`closedFlag = false`:     true, `closedFlag = True`: false, `CLOSEDFLAG=FALSE`: true,
		`lastUpdated > [2026-01-01]`: true, `lastUpdated >= [2026-01-02T03:04:05Z]`: true, `lastUpdated > [2026-01-02T03:04:05Z]`: false,
		`board/id in (1, 7,9)`: true, `board/id not in (1,7)`: false, `board/name = "service desk"`: true, `board/name in ("a",'service desk')`: true,
		`owner/id = null`: true, `owner/id != null`: false, `id != null`: true, `owner/id = 3`: false, `owner/id in (1)`: false, `owner/id not in (1)`: true,
		`id=1 or id=42 and closedFlag=false`:         true, // and binds tighter
		`(id=1 or id=42) and closedFlag=true`:        false,
		`((id=42)) AND (closedFlag=false OR id=1)`:   true,
		`summary = "a" or summary contains "failed"`: true,
	} {
		c, err := parseConditions(expr, sch, true)
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		if got := c.match(row); got != want {
			t.Errorf("%s: got %v", expr, got)
		}
	}
}

func TestConditionsThatAreRefused(t *testing.T) {
	t.Parallel()
	for expr, want := range map[string]string{
		`member/id = 5`:        "member/id is not a recognized name.",
		`closedFlag = 0`:       "Expected a boolean value, not a numeric. String values should be enclosed with double or single quotes",
		`closedFlag = "false"`: "Expected a boolean value, not a string.",
		`id = "42"`:            "Expected a numeric value, not a string.",
		`summary = x`:          `Expected a string value, not "x".`,
		`summary = 5`:          "Expected a string value, not a numeric.",
		`lastUpdated > "2026"`: "Expected a DateTime value, not a string.",
		`lastUpdated > [2026-01-02T03:04:05.123Z]`: "is not a DateTime.",
		`lastUpdated > [soon]`:                     "is not a DateTime.",
		`board = 5`:                                "Expected a reference value",
		`id contains "4"`:                          "needs a string field",
		`id not = 4`:                               "Expected an operator",
		`id = 4 id = 5`:                            "Unexpected",
		`id = `:                                    "not the end",
		`(id = 4`:                                  "closing parenthesis",
		`id in 4`:                                  "list in parentheses",
		`id in (4`:                                 "comma or a closing parenthesis",
		`id in ()`:                                 "Expected a numeric value",
		`summary = "a`:                             "not closed",
		`summary = "a" b"`:                         "not closed",
		`id ! 4`:                                   "not an operator",
		`id > null`:                                "null can only",
		`id = 4; drop`:                             "Unexpected character",
		`= 4`:                                      "Expected a name",
		`id = 1.2.3`:                               "not a number",
		strings.Repeat("(", 5000):                  "nested too deeply",
	} {
		if _, err := parseConditions(expr, sch, true); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: %v", expr, err)
		}
	}
	if _, err := parseConditions(`id in (1)`, sch, false); err == nil {
		t.Error("in was accepted where it is not known")
	}
}

func FuzzConditions(f *testing.F) {
	for _, s := range []string{`id=1 and (summary like "a%" or closedFlag=false)`, `lastUpdated>[2026-01-01]`, `board/id not in (1,2)`, `summary="[[]"`, `((((`, `"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := parseConditions(s, sch, true)
		if err == nil {
			c.match(row)
			c.match(func(string) any { return nil })
		} else if err.Error() == "" {
			t.Fatal("a refusal without words")
		}
	})
}

func FuzzLike(f *testing.F) {
	f.Add("%a_[b]*", "xaybz")
	f.Add("[[]", "[")
	f.Fuzz(func(t *testing.T, pattern, s string) {
		likeMatch(pattern, s)
		if !likeMatch("%", s) || strings.ContainsAny(s, "%_[]*") {
			return
		}
		if strings.ToValidUTF8(s, "") == s && (!likeMatch(s, s) || !likeMatch(s+"%", s) || !likeMatch("*"+s, s)) {
			t.Fatalf("%q does not match itself", s)
		}
	})
}

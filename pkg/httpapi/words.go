package httpapi

import (
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"uniview-bridge/pkg/alert"
)

// FieldProblem is what is wrong with one member of a request, or what deserves a
// look (a warning keeps nothing from being stored).
type FieldProblem struct {
	Field   string `json:"field,omitempty"`
	Text    string `json:"text"`
	Warning bool   `json:"warning,omitempty"`
}

func fieldProblems(list []alert.Problem) []FieldProblem {
	out := make([]FieldProblem, len(list))
	for i, p := range list {
		out[i] = FieldProblem{p.Field, sentence(p.Text), p.Warning}
	}
	return out
}

// cannotKeep makes one problem document of all that is wrong: the first is its
// detail, all are listed.
func cannotKeep(title string, wrong []FieldProblem) *Problem {
	var all []string
	for _, w := range wrong {
		all = append(all, w.Text)
	}
	p := problem(http.StatusBadRequest, title, strings.Join(all, " "))
	p.Field, p.Problems = wrong[0].Field, wrong
	return p
}

var (
	ruleWord  = regexp.MustCompile(`^rule (\d+) "(?:[^"\\]|\\.)*": `)
	fieldWord = regexp.MustCompile(`^([a-z][A-Za-z]*)(?:: | must | has | is past)`)
	quoted    = regexp.MustCompile(`^"([^"\\]*)" is not a ticket setting`)
)

// repeatMembers are the members of a repetition.
var repeatMembers = []string{"days", "nth", "start", "minutes", "zone"}

// worded makes problems of the domain's words: one a line, each beginning with the
// name of the member it is about. known names members; others are no names.
func worded(err error, known ...string) []FieldProblem {
	var out []FieldProblem
	prefix := ""
	for line := range strings.SplitSeq(err.Error(), "\n") {
		line = strings.TrimPrefix(line, "overrides: ")
		if m := ruleWord.FindStringSubmatch(line); m != nil {
			if n, err := strconv.Atoi(m[1]); err == nil {
				prefix = "rules." + strconv.Itoa(n-1)
			}
			out = append(out, FieldProblem{Field: prefix, Text: sentence(line)})
			continue
		}
		p := FieldProblem{Field: prefix, Text: sentence(line)}
		if m := quoted.FindStringSubmatch(line); m != nil {
			p.Field = m[1]
		} else if m := fieldWord.FindStringSubmatch(line); m != nil && prefix == "" && (len(known) == 0 || slices.Contains(known, m[1])) {
			p.Field = m[1]
			word, _, _ := strings.Cut(strings.TrimPrefix(line, "repeat: "), " ")
			if word = strings.TrimSuffix(word, ":"); m[1] == "repeat" && slices.Contains(repeatMembers, word) {
				p.Field += "." + word
			}
		} else if strings.Contains(line, " lasts at most ") {
			p.Field = "until"
		}
		out = append(out, p)
	}
	return out
}

// badSettings says what is wrong with settings, which the domain words.
func badSettings(err error) error {
	if p, ok := errors.AsType[*Problem](bodyProblem(err)); ok && p.Field != "" {
		return p // a member of the wrong type
	}
	return cannotKeep("These settings cannot be kept", worded(err))
}

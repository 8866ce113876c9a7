package httpapi

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"uniview-bridge/pkg/account"
	"uniview-bridge/pkg/connection"
	"uniview-bridge/pkg/httpapi/view"
	"uniview-bridge/pkg/review"
	"uniview-bridge/pkg/ticketing"
)

// useCaseProblem knows the refusals of the use cases, whose words are for people.
func useCaseProblem(err error) *Problem {
	var (
		refusal *review.Refusal
		input   *connection.InputError
		stale   *account.StaleError
		unread  *view.NotRead
		refused *ticketing.RefusedError
	)
	switch {
	case errors.As(err, &refusal):
		return refusalProblem(refusal)
	case errors.As(err, &refused):
		return cannotKeep("This cannot be kept", worded(refused, silenceMembers...))
	case errors.As(err, &input):
		return badField(input.Field, sentence(input.Message))
	case errors.As(err, &unread):
		return problem(http.StatusConflict, "Not known yet", sentence(unread.Error()))
	case errors.As(err, &stale):
		return problem(http.StatusConflict, "Not possible any more", sentence(stale.Reason))
	}
	return nil
}

// sentence makes a message of the use cases a sentence: they begin in lower case
// and end without a full stop.
func sentence(s string) string {
	s = strings.TrimSpace(strings.ReplaceAll(s, "\n", "; "))
	r, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return ""
	}
	s = string(unicode.ToUpper(r)) + s[size:]
	if strings.HasSuffix(s, ".") || strings.HasSuffix(s, "?") || strings.HasSuffix(s, "!") {
		return s
	}
	return s + "."
}

// number reads a whole number of a query; 0 when it is not given.
func (q query) number(name string) (int, error) {
	v := q.values.Get(name)
	if v == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 {
		return 0, badField(name, name+" is a positive number.")
	}
	return n, nil
}

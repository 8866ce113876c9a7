package console

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"uniview-bridge/pkg/httpapi/view"
)

func TestAnAuditEntryIsShownMemberByMemberAndOnlyWhatChanged(t *testing.T) {
	t.Parallel()
	e := view.AuditEntry{
		Before: map[string]string{"settings": `{"boardId":1,"autoClose":true,"storm":{"groups":10}}`, "state": "suggested", "broken": `{"a":`},
		After:  map[string]string{"settings": `{"boardId":2,"autoClose":true,"storm":{"groups":3},"summary":"{machine}"}`, "state": "matched", "broken": `{"a":`},
	}
	want := []change{{"boardId", "1", "2"}, {"state", "suggested", "matched"}, {"storm", `{"groups":10}`, `{"groups":3}`}, {"summary", "", "{machine}"}}
	if diff := cmp.Diff(want, auditPage{}.Fields(e)); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

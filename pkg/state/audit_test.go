package state_test

import (
	"crypto/rand"
	"encoding/hex"
	"testing"

	"uniview-bridge/pkg/state"
)

func TestAnEntryThatIsTooLargeIsKeptWithoutWhatWasBefore(t *testing.T) {
	t.Parallel()
	tb := table(t)
	raw := make([]byte, state.MaxItemBytes) // cannot be compressed to less
	if _, err := rand.Read(raw); err != nil {
		t.Fatal(err)
	}
	large := state.Audit{At: t0, By: "ada", Action: "change ticket rules", Subject: "ticketing rules", Before: map[string]string{"settings": hex.EncodeToString(raw)}}
	if err := state.AddAudit(t.Context(), tb, large, "x"); err != nil {
		t.Fatal(err)
	}
	list, err := state.Audits(t.Context(), tb, "", 1)
	if err != nil || len(list) != 1 || list[0].By != "ada" || list[0].Before != nil || list[0].After["omitted"] == "" {
		t.Errorf("kept %v, %v", list, err)
	}
}

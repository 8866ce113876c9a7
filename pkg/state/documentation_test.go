package state_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
)

// documentation is a record of n machines as it grows in a year's use: every time
// stamp its own, one machine in ten not linked.
func documentation(n int) state.Documentation {
	r := rand.New(rand.NewPCG(1, 2))
	base := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	some := func() time.Time { return base.Add(-time.Duration(r.IntN(90*24*3600)) * time.Second) }
	d := state.Documentation{Organization: "1234567", Machines: map[string]state.Machine{}, Publications: map[string]state.Publication{}}
	for i := range n {
		sum := sha256.Sum256(fmt.Append(nil, i))
		key := fmt.Sprintf("appliance:%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
		m := state.Machine{
			Name: fmt.Sprintf("CUST-SRV%04d", i), Word: backup.WordSuccess, Reason: backup.ReasonSuccess, Since: some(),
			Known: backup.Known{FirstSeen: base, LastEndResult: backup.Successful},
		}
		end := some()
		for range 8 {
			end = end.Add(24*time.Hour + time.Duration(r.IntN(7200))*time.Second)
			m.Known.Ends = append(m.Known.Ends, end)
		}
		m.Known.LastEnd, m.Known.LastGood = end, end
		id := fmt.Sprint(40000000 + r.IntN(9000000))
		if i%10 == 0 {
			m.Link = match.Link{State: match.Suggested, Reason: match.ReasonNoMAC, Suggestions: []match.Suggestion{{TargetID: id, TargetName: m.Name, Score: 0.97, Reasons: []string{match.HostSame.Words()}}}}
		} else {
			m.Link = match.Link{State: match.Matched, TargetID: id, TargetName: m.Name, Reason: match.ReasonMACAndHost, By: match.Auto, At: base}
			d.Publications[id] = state.Publication{
				Organization: "1234567", Asset: fmt.Sprint(50000000 + i), State: state.PublicationCreated, Attempts: 1, Shown: "Success", Published: some(),
				Now: base64.RawURLEncoding.EncodeToString(sum[:9]), Slow: base64.RawURLEncoding.EncodeToString(sum[9:18]),
			}
		}
		d.Machines[key] = m
	}
	return d
}

func TestDocumentationOfThousandsOfMachinesFitsIntoAnItem(t *testing.T) {
	t.Parallel()
	d := documentation(2000)
	data, err := state.Encode(d)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("2,000 machines: %d KB", len(data)>>10)
	if len(data) > state.MaxItemBytes {
		t.Errorf("%d bytes, an item holds %d", len(data), state.MaxItemBytes)
	}
	var back state.Documentation
	if err := state.Decode(data, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(d, back); diff != "" {
		t.Errorf("read back:\n%s", diff)
	}
}

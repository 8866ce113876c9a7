package ticketing_test

import (
	"testing"
	"time"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/platform/local"
	"uniview-bridge/pkg/ticketing"
)

func TestTextsArePreviewedWithoutACustomer(t *testing.T) {
	t.Parallel()
	store, err := local.Open(t.TempDir(), local.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	office := ticketing.Office{Table: store, Now: time.Now}
	texts, err := office.Preview(t.Context(), alert.Defaults(), "", "")
	if err != nil || texts.Summary == "" {
		t.Errorf("summary %q, %v", texts.Summary, err)
	}
}

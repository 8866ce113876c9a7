package uniview

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestTimeStamps(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"2026-09-24T01:40:58Z":                   "2026-09-24T01:40:58Z",
		"2026-09-24T01:40:58.9Z":                 "2026-09-24T01:40:58.9Z",
		"2026-09-24T01:40:58.200Z":               "2026-09-24T01:40:58.2Z",
		"2026-09-24T02:49:47.371685Z":            "2026-09-24T02:49:47.371685Z",
		"2026-09-24T02:49:47.3716851Z":           "2026-09-24T02:49:47.3716851Z",
		"2026-09-24T02:49:47.37168512345678901Z": "2026-09-24T02:49:47.371685123Z",
		"2026-09-24T02:49:47,5Z":                 "2026-09-24T02:49:47.5Z",
		"2026-09-24T02:49:47.998":                "2026-09-24T02:49:47.998Z",
		"2026-09-24T04:49:47+02:00":              "2026-09-24T02:49:47Z",
		" 2026-09-24 02:49:47Z ":                 "2026-09-24T02:49:47Z",
		"":                                       "none",
		"0001-01-01T00:00:00Z":                   "none",
		"0001-01-01T00:00:00":                    "none",
		"0001-01-01T00:00:00+02:00":              "none",
		"yesterday":                              "error",
		"1790000000":                             "error",
		"2026-02-30T00:00:00Z":                   "error",
		"2026-09-24":                             "error",
	} {
		at, err := parseTime(in)
		got := at.Format(time.RFC3339Nano)
		switch {
		case err != nil:
			got = "error"
		case at.IsZero():
			got = "none"
		}
		if got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
}

func TestShapesAreLenientMeaningsAreNot(t *testing.T) {
	t.Parallel()
	good := map[string]Endpoint{
		`{"id":17}`:                                  {ID: "17"},
		`{"id":"x","storageUsedBytes":"123"}`:        {ID: "x", StorageUsedBytes: 123},
		`{"id":"x","storageUsedBytes":1.5e3}`:        {ID: "x", StorageUsedBytes: 1500},
		`{"id":"x","storageUsedBytes":null}`:         {ID: "x"},
		`{"id":"x","hasCustomerManagedKey":1}`:       {ID: "x", HasCustomerManagedKey: true},
		`{"id":"x","hasCustomerManagedKey":"True"}`:  {ID: "x", HasCustomerManagedKey: true},
		`{"id":"x","backupEnabled":null,"os":false}`: {ID: "x", OS: "false"},
	}
	for in, want := range good {
		got, err := decodeList[Endpoint]([]byte("[" + in + "]"))
		if err != nil || got[0] != want {
			t.Errorf("%s: got %+v, %v", in, got, err)
		}
	}
	for in, words := range map[string]string{
		`{"storageUsedBytes":"a lot"}`:                "row 1: a number cannot be read",
		`{"storageUsedBytes":1e300}`:                  "row 1: a number cannot be read",
		`{"hasCustomerManagedKey":"perhaps"}`:         "row 1: a flag is neither true nor false",
		`{"lastOnlineTimestamp":"last week"}`:         "row 1: a time cannot be read",
		`{"lastOnlineTimestamp":5}`:                   "row 1: a time is not a text",
		`{"name":["a"]}`:                              "row 1: a text is a list or an object",
		`17`:                                          "row 1 is not an object",
		`{"id":"a"},{"createdTimestamp":"s3cr3t me"}`: "row 2: a time cannot be read",
	} {
		_, err := decodeList[Endpoint]([]byte("[" + in + "]"))
		if err == nil || err.Error() != words {
			t.Errorf("%s: got %v, want %q", in, err, words)
		}
	}
}

func FuzzTimeStamps(f *testing.F) {
	for _, s := range []string{"2026-09-24T01:40:58.998Z", "0001-01-01T00:00:00", "2026-09-24T02:49:47.37168512345678901+23:59", "", ".", "9999-12-31T23:59:59.9999999-12:00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at, err := parseTime(s)
		if err != nil {
			return
		}
		if at.Location() != time.UTC {
			t.Errorf("%q is not in UTC", s)
		}
		text, err := at.MarshalText() // what is stored must be readable again
		if err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		if back, err := parseTime(string(text)); err != nil || !back.Equal(at) {
			t.Errorf("%q gives %v, then %v (%v)", s, at, back, err)
		}
	})
}

func FuzzPageHeaders(f *testing.F) {
	f.Add("1", "120")
	f.Add("-1", "9999999999999999999")
	f.Fuzz(func(t *testing.T, number, total string) {
		h := http.Header{"Paging-Page-Number": {number}, "Paging-Total-Records": {total}}
		p := parsePaging(h)
		for _, n := range []int{p.number, p.total} {
			if n < -1 || n > 1<<31-1 {
				t.Errorf("%v gives %+v", h, p)
			}
		}
	})
}

func FuzzLists(f *testing.F) {
	for _, s := range []string{
		`[]`, `[{"id":"a","key":"k","links":{"rel":"x"},"last_backup":{"start_time":"2020-02-28T13:27:15.200Z","size":1}}]`,
		`[{"id":1e400}]`, `[null]`, "\ufeff[{}]", `[{"storageUsedBytes":-9223372036854775808}]`, `[{"is_muted":"TRUE","created_time":"0001-01-01T00:00:00"}]`,
		`[{"backupEnabled":"x"}]`, `[{"links":[[]]}]`, `[` + strings.Repeat(`{"id":`, 50),
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		roundTrips[Customer](t, body)
		roundTrips[Appliance](t, body)
		roundTrips[Asset](t, body)
		roundTrips[Backup](t, body)
		roundTrips[Endpoint](t, body)
		roundTrips[Alert](t, body)
	})
}

// roundTrips checks that whatever was accepted can be stored and read again.
func roundTrips[T any](t *testing.T, body []byte) {
	t.Helper()
	rows, err := decodeList[T](body)
	if err != nil {
		if len(err.Error()) > 200 {
			t.Errorf("a long error: %v", err)
		}
		return
	}
	stored, err := json.Marshal(rows)
	if err != nil {
		t.Fatal(err)
	}
	back, err := decodeList[T](stored)
	if err != nil {
		t.Fatalf("%s: %v", stored, err)
	}
	again, err := json.Marshal(back)
	if err != nil || string(again) != string(stored) {
		t.Errorf("%s became %s (%v)", stored, again, err)
	}
}

package match_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"uniview-bridge/pkg/match"
)

func TestMACPatternsAreReadAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, want, fits, not string }{
		{"00:50:B6:1A:2B:3C", "00:50:B6:1A:2B:3C", "0050b61a2b3c", "0050b61a2b3d"},
		{"0050.b61a.2b3c", "00:50:B6:1A:2B:3C", "0050b61a2b3c", "0050b61a2b3d"},
		{"00-50-b6-*", "00:50:B6:*:*:*", "0050b6ffffff", "0050b7000000"},
		{"0050b6*", "00:50:B6:*:*:*", "0050b6000001", "0050b7000000"},
		{"00:50:B6*", "00:50:B6:*:*:*", "0050b6000001", "0050b7000000"},
		{"00:50:B6:*:*:*", "00:50:B6:*:*:*", "0050b6000001", "0050b7000000"},
		{"00:00:0C:9F:F*", "00:00:0C:9F:F?:*", "00000c9ff001", "00000c9fe001"},
		{"*:*:*:52:41:53", "*:*:*:52:41:53", "123456524153", "123456524154"},
		{"00:09:0F:*:00:01", "00:09:0F:*:00:01", "00090fab0001", "00090fab0002"},
		{"0:9:f:*:0:1", "00:09:0F:*:00:01", "00090fab0001", "00090fab0002"},
	}
	for _, tt := range tests {
		p, err := match.ParseMACPattern(tt.text)
		if err != nil || p.String() != tt.want {
			t.Errorf("%q is %s, %v; want %s", tt.text, p, err, tt.want)
			continue
		}
		var fits, not match.MAC
		if err := errors.Join(fits.UnmarshalText([]byte(tt.fits)), not.UnmarshalText([]byte(tt.not))); err != nil {
			t.Fatal(err)
		}
		if !p.Fits(fits) || p.Fits(not) {
			t.Errorf("%q fits %s: %v, %s: %v", tt.text, fits, p.Fits(fits), not, p.Fits(not))
		}
	}
	for text, why := range map[string]string{
		"":                        "write it like",
		"docks":                   "write it like",
		"00:50:B6":                "put a * at the end",
		"*":                       "too many addresses",
		"00:*":                    "too many addresses",
		"*:*:*:*:*:*":             "too many addresses",
		"00:50:B6:1A:2B:3C:*":     "write it like",
		"00:1A:2B:FF:FE:3C:4D:5E": "64-bit",
		"00:00:00:00:00:00":       "never used for matching",
		"00:50:B6:1A:2B:3G":       "write it like",
	} {
		if _, err := match.ParseMACPattern(text); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v, want %q", text, err, why)
		}
	}
}

func TestTheOwnListIsCheckedInWords(t *testing.T) {
	t.Parallel()
	ok := match.MACSettings{Shared: []match.SharedMAC{{Pattern: "00:50:B6:*", Note: "docks"}, {Pattern: "00:1A:2B:3C:4D:5E"}}}
	if err := ok.Validate(); err != nil {
		t.Error(err)
	}
	bad := match.MACSettings{Shared: []match.SharedMAC{
		{Pattern: "00:50:B6:*"}, {Pattern: "0050b6*"}, {Pattern: "x"}, {Pattern: "00:1A:2B:*", Note: strings.Repeat("n", 201)},
	}}
	err := bad.Validate()
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{`entry 2: "0050b6*" is the same as entry 1`, `entry 3: "x" is no address`, "entry 4: the note is longer"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q lacks %q", err, want)
		}
	}
	if err := (match.MACSettings{Shared: make([]match.SharedMAC, 1001)}).Validate(); err == nil || !strings.Contains(err.Error(), "at most 1000") {
		t.Error(err)
	}
}

func TestAddressesKeepTheirTextInJSON(t *testing.T) {
	t.Parallel()
	in := match.MACFacts{Shared: map[match.MAC]string{0x001a2b3c4d5e: "why"}}
	raw, err := json.Marshal(in)
	if err != nil || string(raw) != `{"shared":{"001a2b3c4d5e":"why"}}` {
		t.Fatalf("%s, %v", raw, err)
	}
	var out match.MACFacts
	if err := json.Unmarshal(raw, &out); err != nil || out.Shared[0x001a2b3c4d5e] != "why" {
		t.Errorf("%+v, %v", out, err)
	}
	if err := json.Unmarshal([]byte(`{"shared":{"nonsense":"why"}}`), &out); err == nil {
		t.Error("nonsense was read as an address")
	}
}

func FuzzMACPatterns(f *testing.F) {
	for _, seed := range []string{"00:50:B6:*", "*:*:*:52:41:53", "0050b6*", "00:00:0C:9F:F*", "?0:11:22:33:44:55", "::*"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := match.ParseMACPattern(text)
		if err != nil {
			return
		}
		again, err := match.ParseMACPattern(p.String())
		if err != nil || again != p {
			t.Fatalf("%q is %s, which is %s, %v", text, p, again, err)
		}
	})
}

func FuzzHostNames(f *testing.F) {
	for _, seed := range [][2]string{{"SRV01.local", "srv-01 (VM)"}, {"HV01", "HR01"}, {"kmartin-laptop", "amartin-laptop"}, {"é", "\xff"}, {"", " - "}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		x, y := match.NormalizeHost(a), match.NormalizeHost(b)
		layer := match.CompareHosts(x, y)
		if back := match.CompareHosts(y, x); back != layer {
			t.Fatalf("%q and %q agree on layer %d one way and %d the other", a, b, layer, back)
		}
		if x.Bare != "" && match.CompareHosts(x, x) != match.HostSame {
			t.Fatalf("%q does not agree with itself", a)
		}
		index := match.NewHostIndex(map[string][]string{"1": {b}})
		if found := index.Find(a); (len(found) > 0) != (layer > match.HostNone) || len(found) > 0 && found[0].Layer != layer {
			t.Fatalf("%q finds %v for %q, but they agree on layer %d", a, found, b, layer)
		}
	})
}

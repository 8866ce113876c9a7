package match_test

import (
	"fmt"
	"strings"
	"testing"

	"uniview-bridge/pkg/match"
)

func id(prefix string, n int) string { return fmt.Sprintf("%s%06d", prefix, n) }

func splitOctets(s string) []string { return strings.Split(s, ":") }

// checkMAC compares one field with what it means: usable is "yes", "if unique" or "no".
func checkMAC(t *testing.T, input, canonical, usable string) {
	t.Helper()
	want := strings.ToLower(strings.ReplaceAll(canonical, ":", ""))
	macs, rejected := match.ReadMACs(input)
	switch {
	case usable == "no" || want == "":
		if len(macs) != 0 {
			t.Errorf("%q gave %v, want nothing", input, macs)
		}
		if strings.TrimSpace(input) != "" && len(rejected) == 0 {
			t.Errorf("%q vanished without a reason", input)
		}
	case len(macs) != 1 || macs[0].Canonical() != want:
		t.Errorf("%q gave %v (%v), want %s", input, macs, rejected, want)
	default:
		grade, why := macs[0].Grade()
		if wantGrade := map[string]match.Grade{"yes": match.Alone, "if unique": match.IfUnique}[usable]; grade != wantGrade {
			t.Errorf("%q has grade %d (%s), want %d", input, grade, why, wantGrade)
		}
	}
}

func TestParseMACsReadsEveryRealFormat(t *testing.T) {
	t.Parallel()
	for _, input := range []string{
		"00:1A:2B:3C:4D:5E", "00-1a-2b-3c-4d-5e", "001a.2b3c.4d5e", "001A-2B3C-4D5E", "001A2B3C4D5E", "001A2B-3C4D5E",
		"00 1A 2B 3C 4D 5E", "0x001A2B3C4D5E", "0x00:0x1A:0x2B:0x3C:0x4D:0x5E", "00:1A-2B:3C-4D:5E", " 00:1A:2B:3C:4D:5E\r\n", "0:1a:2b:3c:4d:5e",
		"MAC: 00:1A:2B:3C:4D:5E", "(00:1A:2B:3C:4D:5E)", "00:1A:2B:3C:4D:5E (eth0)", "00–1A–2B–3C–4D–5E", "00_1A_2B_3C_4D_5E", "{001A2B3C4D5E}",
	} {
		checkMAC(t, input, "00:1A:2B:3C:4D:5E", "yes")
	}
	checkMAC(t, "0:1a:2:3c:4d:5e", "00:1A:02:3C:4D:5E", "yes")
	checkMAC(t, "02:AA:BB:CC:DD:EE", "02:AA:BB:CC:DD:EE", "if unique")
	checkMAC(t, "00:15:5D:01:02:03", "00:15:5D:01:02:03", "if unique")
	for _, input := range []string{
		"00:1A:2B:FF:FE:3C:4D:5E", "001A2BFFFE3C4D5E", "00:00:00:00:00:00", "FF:FF:FF:FF:FF:FF", "01:00:5E:00:00:01", "00:1A:2B:3C:4D", "18-5E-0F-ED-99-9J",
		"none", "n/a", "fe80::1", "192.168.1.1", "001A2B3C4D5", "00:05:9A:3C:7A:00", "02:42:AC:11:00:02", "00:50:56:C0:00:08",
	} {
		checkMAC(t, input, "", "no")
	}
}

func TestParseMACsReadsSeveralInOneField(t *testing.T) {
	t.Parallel()
	for _, input := range []string{
		"00:1A:2B:3C:4D:5E, 00:1A:2B:3C:4D:5F", "00-1A-2B-3C-4D-5E;00-1A-2B-3C-4D-5F", "001A2B3C4D5E 001A2B3C4D5F",
		"00:1A:2B:3C:4D:5E\n00:1A:2B:3C:4D:5F", "LAN 00:1A:2B:3C:4D:5E WLAN 00:1A:2B:3C:4D:5F", "00:1A:2B:3C:4D:5E / 001a.2b3c.4d5f / 00:1A:2B:3C:4D:5E",
	} {
		macs := match.ParseMACs(input)
		if len(macs) != 2 || macs[0] != 0x001a2b3c4d5e || macs[1] != 0x001a2b3c4d5f {
			t.Errorf("%q gave %v", input, macs)
		}
	}
}

func FuzzParseMACs(f *testing.F) {
	for _, seed := range []string{"00:1A:2B:3C:4D:5E", "0:1:2:3:4:5", "x;y", "0x00", "00 1A 2B 3C 4D 5E,ff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, field string) {
		for _, mac := range match.ParseMACs(field) {
			text := mac.Canonical()
			if len(text) != 12 || strings.Trim(text, "0123456789abcdef") != "" {
				t.Fatalf("%q gave %q", field, text)
			}
			if again := match.ParseMACs(mac.String()); len(again) != 1 || again[0] != mac {
				t.Fatalf("%q written as %q reads as %v", mac, mac.String(), again)
			}
		}
	})
}

func FuzzNames(f *testing.F) {
	for _, seed := range []string{"The Café & Co. Ltd", "ACME/MD/", "SRV01.local (VM)", "ß", "\xff", "A.B. C", "esx: host"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n := match.NormalizeName(s)
		if again := match.NormalizeName(n.Exact); again.Exact != n.Exact && !strings.HasPrefix(n.Exact, "the ") {
			t.Fatalf("%q is %q, which is %q", s, n.Exact, again.Exact)
		}
		if h := match.NormalizeHost(s); match.CompareHosts(h, h) == match.HostNone && h.Bare != "" {
			t.Fatalf("%q does not agree with itself", s)
		}
	})
}

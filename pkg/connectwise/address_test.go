package connectwise

import (
	"strings"
	"testing"
)

func TestAnySpellingOfTheAddressIsNormalised(t *testing.T) {
	t.Parallel()
	cloud := Address{"https", "na.myconnectwise.net", "api-na.myconnectwise.net"}
	own := Address{"https", "cw.example.com", "cw.example.com"}
	tests := map[string]Address{
		"na.myconnectwise.net":            cloud,
		" NA.MyConnectWise.net. ":         cloud,
		"na":                              cloud,
		"https://na.myconnectwise.net":    cloud,
		"http://na.myconnectwise.net:80/": cloud,
		"//na.myconnectwise.net/":         cloud,
		"https://na.myconnectwise.net:443/v4_6_release/apis/3.0":         cloud,
		"api-na.myconnectwise.net/v4_6_release/apis/3.0/":                cloud,
		"https://api-na.myconnectwise.net/v2025_1//apis/3.0/?x=1#y":      cloud,
		"https://na.myconnectwise.net/v4_6_release/services/system_io/a": cloud,
		`na.myconnectwise.net\v4_6_release`:                              cloud,
		"sandbox-na.myconnectwise.net":                                   {"https", "sandbox-na.myconnectwise.net", "api-sandbox-na.myconnectwise.net"},
		"staging.connectwisedev.com":                                     {"https", "staging.connectwisedev.com", "api-staging.connectwisedev.com"},
		"cw.example.com":                                                 own,
		"http://cw.example.com/v4_6_release":                             own,
		"https://CW.example.com:8443/x":                                  {"https", "cw.example.com:8443", "cw.example.com:8443"},
		"https://8.8.8.8":                                                {"https", "8.8.8.8", "8.8.8.8"},
		"myconnectwise.net":                                              {"https", "myconnectwise.net", "myconnectwise.net"},
		"api-na.myconnectwise.net.evil.example.com":                      {"https", "api-na.myconnectwise.net.evil.example.com", "api-na.myconnectwise.net.evil.example.com"},
	}
	for in, want := range tests {
		got, err := ParseAddress(in, false)
		if err != nil || got != want {
			t.Errorf("%q: got %+v, %v", in, got, err)
		}
	}
}

func TestAddressesThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		"", "   ", "ftp://na.myconnectwise.net", "https://", "user:pass@na.myconnectwise.net", "acme", "a b.example.com",
		"http://localhost:9000", "127.0.0.1", "https://[::1]", "ex ample.com", "-x.example.com", "https://cw..com", "münchen.example",
		"https://cw.example.com:port", strings.Repeat("a.", 200) + "com",
	} {
		if a, err := ParseAddress(in, false); err == nil {
			t.Errorf("%q gave %+v", in, a)
		}
	}
}

func TestPlainHTTPIsForLoopbackOnly(t *testing.T) {
	t.Parallel()
	tests := map[string]Address{
		"http://127.0.0.1:9000":    {"http", "127.0.0.1:9000", "127.0.0.1:9000"},
		"127.0.0.1:9000/apis":      {"http", "127.0.0.1:9000", "127.0.0.1:9000"},
		"http://[::1]:9000":        {"http", "[::1]:9000", "[::1]:9000"},
		"https://localhost:9000":   {"https", "localhost:9000", "localhost:9000"},
		"http://cw.example.com":    {"https", "cw.example.com", "cw.example.com"},
		"http://192.168.0.1:8080/": {"https", "192.168.0.1:8080", "192.168.0.1:8080"},
	}
	for in, want := range tests {
		got, err := ParseAddress(in, true)
		if err != nil || got != want {
			t.Errorf("%q: got %+v, %v", in, got, err)
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{"na", "https://api-na.myconnectwise.net:443/x", "http://[::1]:1", "a@b", "\\", "https://%41.example.com"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseAddress(s, false)
		if err != nil {
			return
		}
		if a.Scheme != "https" || a.Site == "" || strings.ContainsAny(a.Site+a.API, "/?#@ \\") {
			t.Fatalf("%q gave %+v", s, a)
		}
		again, err := ParseAddress(a.Scheme+"://"+a.API, false)
		if err != nil || again != a {
			t.Fatalf("%q: normalising %+v again gives %+v, %v", s, a, again, err)
		}
	})
}

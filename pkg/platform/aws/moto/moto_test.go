package moto_test

import (
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"uniview-bridge/pkg/platform/aws/moto"
)

func TestMain(m *testing.M) { os.Exit(moto.Main(m)) }

func TestOneServerPerBinary(t *testing.T) {
	first := moto.Start(t)
	if again := moto.Start(t); again != first {
		t.Errorf("a second server at %s", again.Endpoint)
	}
	answer, err := http.Get(first.Endpoint + "/moto-api/data.json")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("it answers %s", answer.Status)
	}
}

// TestWithoutMoto runs TestOneServerPerBinary where there is no python3.
func TestWithoutMoto(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ ci, want string }{
		"a test skips and says why": {"", "--- SKIP"},
		"but fails in CI":           {"true", "--- FAIL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			command := exec.Command(self, "-test.run=^TestOneServerPerBinary$", "-test.v")
			command.Env = append(os.Environ(), "PATH="+t.TempDir(), "CI="+test.ci)
			out, err := command.CombinedOutput()
			if (err != nil) != (test.ci != "") {
				t.Errorf("ended with %v", err)
			}
			for _, want := range []string{test.want, "nothing of AWS is tested here", "python3"} {
				if !strings.Contains(string(out), want) {
					t.Errorf("said nothing of %q:\n%s", want, out)
				}
			}
		})
	}
}

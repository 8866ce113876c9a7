// Package repo_test guards what no single package can: the direction of imports,
// and that functions, template, Makefile, events and documentation agree.
package repo_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

const module = "uniview-bridge"

// lambdas are the functions that AWS runs, by folder, with their logical ids.
var lambdas = map[string]string{
	"sync":    "SyncFunction",
	"matcher": "MatcherFunction",
	"tickets": "TicketsFunction",
	"api":     "ApiFunction",
}

// packages the layout promises (docs/architecture.md); more may exist.
var promised = []string{
	"functions/sync", "functions/matcher", "functions/tickets", "functions/api", "functions/local",
	"pkg/backup", "pkg/match", "pkg/alert", "pkg/plan",
	"pkg/account", "pkg/docsync", "pkg/ticketing", "pkg/review", "pkg/state",
	"pkg/uniview", "pkg/itglue", "pkg/connectwise", "pkg/vendorhttp",
	"pkg/uniview/sandbox", "pkg/itglue/sandbox", "pkg/connectwise/sandbox",
	"pkg/platform/aws", "pkg/platform/local", "pkg/httpapi", "pkg/console", "pkg/handler",
}

// pack is what go list tells of a package.
type pack struct {
	ImportPath, Dir, Doc      string
	Standard                  bool
	GoFiles                   []string
	Imports, Deps             []string
	TestImports, XTestImports []string
}

// name is the package's folder within the module, "" for others' packages.
func (p pack) name() string { return ours(p.ImportPath) }

func ours(path string) string {
	name, found := strings.CutPrefix(path, module+"/")
	if !found {
		return ""
	}
	return name
}

var listed = sync.OnceValues(func() ([]pack, error) {
	out, err := exec.Command("go", "list", "-e", "-deps", "-json", "./...").Output()
	if err != nil {
		return nil, err
	}
	var all []pack
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pack
		switch err := decoder.Decode(&p); {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, err
		}
		all = append(all, p)
	}
})

// goList returns our packages and the set of the standard library's among all dependencies.
func goList(t *testing.T) (own []pack, standard map[string]bool) {
	t.Helper()
	all, err := listed()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	standard = map[string]bool{"C": true, "unsafe": true}
	for _, p := range all {
		if p.Standard {
			standard[p.ImportPath] = true
		}
		if p.name() != "" {
			own = append(own, p)
		}
	}
	return own, standard
}

// within tells whether name is one of the folders or lies in one.
func within(name string, folders ...string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return name == f || strings.HasPrefix(name, f+"/") })
}

func sandbox(name string) bool {
	return within(name, "pkg/vendorhttp/simulator") || within(name, "pkg") && strings.Contains(name+"/", "/sandbox/")
}

// testkit tells whether a package exists for tests only.
func testkit(name string) bool {
	base := filepath.Base(name)
	return strings.HasSuffix(base, "test") || base == "moto" || within(name, "e2e")
}

var (
	domain   = []string{"pkg/backup", "pkg/match", "pkg/alert", "pkg/plan"}
	useCases = []string{"pkg/account", "pkg/connection", "pkg/docsync", "pkg/ticketing", "pkg/review"}
	vendors  = []string{"pkg/uniview", "pkg/itglue", "pkg/connectwise"}
	edges    = []string{"pkg/platform", "pkg/httpapi", "pkg/console", "pkg/handler", "pkg/bridge", "pkg/demo", "functions"}
)

func awsSDK(path string) bool {
	return strings.HasPrefix(path, "github.com/aws/aws-sdk-go-v2") || strings.HasPrefix(path, "github.com/aws/smithy-go")
}

func lambdaSDK(path string) bool { return strings.HasPrefix(path, "github.com/aws/aws-lambda-go") }

func TestImportsPointInward(t *testing.T) {
	t.Parallel()
	own, standard := goList(t)
	external := func(path string) bool { return !standard[path] && ours(path) == "" }

	rules := []struct {
		sentence string
		holds    func(name string) bool // which packages the rule is for
		forbids  func(path string) bool // what they must not import
		linked   bool                   // not even through others
	}{
		{
			sentence: "the domain is pure: the standard library, and x/text in match",
			holds:    func(name string) bool { return within(name, domain...) },
			forbids: func(path string) bool {
				if name := ours(path); name != "" {
					return !within(name, domain...)
				}
				return external(path) && !strings.HasPrefix(path, "golang.org/x/text/")
			},
			linked: true,
		},
		{
			sentence: "x/text is for match alone in the domain",
			holds:    func(name string) bool { return within(name, domain...) && !within(name, "pkg/match") },
			forbids:  func(path string) bool { return strings.HasPrefix(path, "golang.org/x/text/") },
		},
		{
			sentence: "a wire client knows its vendor and vendorhttp, nothing of ours",
			holds:    func(name string) bool { return within(name, vendors...) && !sandbox(name) && !testkit(name) },
			forbids: func(path string) bool {
				if name := ours(path); name != "" {
					return name != "pkg/vendorhttp"
				}
				return external(path) && !strings.HasPrefix(path, "golang.org/x/")
			},
		},
		{
			sentence: "vendorhttp knows nothing of ours",
			holds:    func(name string) bool { return name == "pkg/vendorhttp" },
			forbids:  func(path string) bool { return ours(path) != "" },
		},
		{
			sentence: "state stands on the domain only",
			holds:    func(name string) bool { return name == "pkg/state" },
			forbids:  func(path string) bool { return ours(path) != "" && !within(ours(path), domain...) },
		},
		{
			sentence: "use cases know no platform, page, handler or simulator",
			holds:    func(name string) bool { return within(name, useCases...) && !testkit(name) },
			forbids: func(path string) bool {
				return within(ours(path), edges...) || sandbox(ours(path)) || awsSDK(path) || lambdaSDK(path)
			},
			linked: true,
		},
		{
			sentence: "the AWS SDK stays inside pkg/platform/aws",
			holds:    func(name string) bool { return !within(name, "pkg/platform/aws") },
			forbids:  awsSDK,
		},
		{
			sentence: "Lambda's types stay inside functions and pkg/handler",
			holds:    func(name string) bool { return !within(name, "functions", "pkg/handler") },
			forbids:  lambdaSDK,
		},
		{
			sentence: "the one-machine product links nothing of AWS's SDK",
			holds:    func(name string) bool { return name == "functions/local" },
			forbids:  func(path string) bool { return awsSDK(path) || within(ours(path), "pkg/platform/aws") },
			linked:   true,
		},
		{
			sentence: "what runs on Lambda links no simulator, no embedded store and no test code",
			holds: func(name string) bool {
				folder, found := strings.CutPrefix(name, "functions/")
				return found && lambdas[folder] != ""
			},
			forbids: func(path string) bool {
				return sandbox(ours(path)) || within(ours(path), "pkg/platform/local", "pkg/demo") || testkit(ours(path)) ||
					strings.HasPrefix(path, "go.etcd.io/") || path == "testing"
			},
			linked: true,
		},
		{
			sentence: "simulators are for functions/local, pkg/demo and tests",
			holds: func(name string) bool {
				return name != "functions/local" && !within(name, "pkg/demo") && !sandbox(name) && !testkit(name)
			},
			forbids: func(path string) bool { return sandbox(ours(path)) },
		},
		{
			sentence: "pages and API reach the world through use cases and state",
			holds:    func(name string) bool { return within(name, "pkg/httpapi", "pkg/console") && !testkit(name) },
			forbids:  func(path string) bool { return within(ours(path), "pkg/platform", "pkg/handler", "functions") },
		},
		{
			sentence: "the two platforms do not know each other",
			holds:    func(name string) bool { return within(name, "pkg/platform/local") },
			forbids:  func(path string) bool { return within(ours(path), "pkg/platform/aws") },
		},
		{
			sentence: "nothing imports a function",
			holds:    func(string) bool { return true },
			forbids:  func(path string) bool { return within(ours(path), "functions") },
		},
	}
	for _, rule := range rules {
		t.Run(rule.sentence, func(t *testing.T) {
			t.Parallel()
			held := 0
			for _, p := range own {
				if !rule.holds(p.name()) {
					continue
				}
				held++
				paths := p.Imports
				if rule.linked {
					paths = p.Deps
				}
				for _, path := range paths {
					if rule.forbids(path) {
						t.Errorf("%s imports %s", p.name(), path)
					}
				}
			}
			t.Logf("holds for %d packages", held)
		})
	}
}

func TestTestsKeepTheSDKsApartToo(t *testing.T) {
	t.Parallel()
	own, _ := goList(t)
	for _, p := range own {
		for _, path := range slices.Concat(p.TestImports, p.XTestImports) {
			if awsSDK(path) && !within(p.name(), "pkg/platform/aws", "functions") {
				t.Errorf("a test of %s imports %s", p.name(), path)
			}
			if lambdaSDK(path) && !within(p.name(), "pkg/handler", "functions") {
				t.Errorf("a test of %s imports %s", p.name(), path)
			}
		}
	}
}

func TestEveryPackageThatTheLayoutPromisesExists(t *testing.T) {
	t.Parallel()
	own, _ := goList(t)
	for _, name := range promised {
		if !slices.ContainsFunc(own, func(p pack) bool { return p.name() == name && len(p.GoFiles) > 0 }) {
			t.Errorf("there is no package %s", name)
		}
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	t.Parallel()
	own, _ := goList(t)
	for _, p := range own {
		if len(p.GoFiles) > 0 && p.Doc == "" {
			t.Errorf("%s has no package comment", p.name())
		}
	}
}

func TestFoldersAreNamedForWhatTheyHold(t *testing.T) {
	t.Parallel()
	own, _ := goList(t)
	for _, p := range own {
		for part := range strings.SplitSeq(p.name(), "/") {
			if slices.Contains([]string{"util", "utils", "common", "types", "models", "helpers", "internal", "cmd"}, part) {
				t.Errorf("%s: a folder named %s says nothing", p.name(), part)
			}
		}
	}
}

func TestModuleFilesHaveNoReplace(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"go.mod", "tools/go.mod"} {
		if regexp.MustCompile(`(?m)^\s*replace\b`).MatchString(read(t, file)) {
			t.Errorf("%s has a replace directive: others could not build what we build", file)
		}
	}
}

func TestMainsAreWiringOnly(t *testing.T) {
	t.Parallel()
	for folder := range lambdas {
		source, err := os.ReadFile(filepath.Join("functions", folder, "main.go"))
		if errors.Is(err, os.ErrNotExist) {
			continue // TestEveryPackageThatTheLayoutPromisesExists tells
		}
		if err != nil {
			t.Fatal(err)
		}
		if lines := bytes.Count(source, []byte("\n")); lines > 60 {
			t.Errorf("functions/%s/main.go has %d lines; wiring needs no more than 60", folder, lines)
		}
	}
}

// sources returns all Go code of the module that is not a test, as one text.
func sources(t *testing.T) string {
	t.Helper()
	own, _ := goList(t)
	var all strings.Builder
	for _, p := range own {
		for _, file := range p.GoFiles {
			all.WriteString(read(t, filepath.Join(p.Dir, file)))
		}
	}
	return all.String()
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

package repo_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// The guards of this file read the template as AWS gets it: translated from SAM
// into plain CloudFormation. They stand in for what a local AWS stand-in skips.

type object = map[string]any

type resource struct {
	Type, DeletionPolicy, UpdateReplacePolicy string
	Properties                                object
}

type stack struct {
	Parameters map[string]object
	Resources  map[string]resource
	Outputs    map[string]object
}

var translated = sync.OnceValues(func() ([]byte, error) {
	python := "python3"
	if own := filepath.Join(".venv", "bin", "python3"); exists(own) {
		python = own
	}
	out, err := exec.Command(python, "tools/translate.py", "template.yaml").Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		err = fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	return out, err
})

// template translates template.yaml, once. Without Python and the SAM translator
// the test is skipped, except in continuous integration.
func template(t *testing.T) stack {
	t.Helper()
	out, err := translated()
	if err != nil {
		if os.Getenv("CI") == "true" || exec.Command("python3", "-c", "import samtranslator, boto3").Run() == nil {
			t.Fatalf("translating template.yaml: %v", err)
		}
		t.Skipf("SKIPPED: python3 with the SAM translator is missing (see tools/requirements.txt): %v", err)
	}
	var s stack
	decoder := json.NewDecoder(bytes.NewReader(out))
	decoder.UseNumber() // 1209600, not 1.2096e+06
	if err := decoder.Decode(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

func exists(file string) bool { _, err := os.Stat(file); return err == nil }

// at walks into objects and lists; nil when there is nothing.
func at(value any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			inner, _ := value.(object)
			value = inner[step]
		case int:
			inner, _ := value.([]any)
			if step >= len(inner) {
				return nil
			}
			value = inner[step]
		}
	}
	return value
}

// target is the logical id that a Ref or GetAtt points to, "" for anything else.
func target(value any) string {
	if id, ok := at(value, "Ref").(string); ok {
		return id
	}
	id, _ := at(value, "Fn::GetAtt", 0).(string)
	return id
}

// attribute is the attribute that a GetAtt asks for, "" for a Ref or anything else.
func attribute(value any) string {
	name, _ := at(value, "Fn::GetAtt", 1).(string)
	return name
}

func list(value any) []any {
	if items, ok := value.([]any); ok || value == nil {
		return items
	}
	return []any{value}
}

func (s stack) of(kind string) map[string]resource {
	found := map[string]resource{}
	for id, r := range s.Resources {
		if r.Type == kind {
			found[id] = r
		}
	}
	return found
}

// must returns the resource with that id and kind.
func (s stack) must(t *testing.T, id, kind string) resource {
	t.Helper()
	r, found := s.Resources[id]
	if !found || r.Type != kind {
		t.Fatalf("the template has no %s %q", kind, id)
	}
	return r
}

// expect compares one value inside a resource.
func (r resource) expect(t *testing.T, id string, want any, path ...any) {
	t.Helper()
	if got := at(r.Properties, path...); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: %v is %v, want %v", id, path, got, want)
	}
}

// sourcesOf returns the event source mappings of a function.
func (s stack) sourcesOf(function string) map[string]resource {
	found := s.of("AWS::Lambda::EventSourceMapping")
	maps.DeleteFunc(found, func(_ string, r resource) bool { return target(r.Properties["FunctionName"]) != function })
	return found
}

// alarmed tells whether some alarm watches that metric of that resource and tells the topic.
func (s stack) alarmed(metric, id string) bool {
	for _, alarm := range s.of("AWS::CloudWatch::Alarm") {
		if alarm.Properties["MetricName"] != metric || target(at(alarm.Properties, "AlarmActions", 0)) != "NoticesTopic" {
			continue
		}
		if id == "" || target(at(alarm.Properties, "Dimensions", 0, "Value")) == id {
			return true
		}
	}
	return false
}

func number(value any) float64 {
	n, _ := strconv.ParseFloat(fmt.Sprint(value), 64)
	return n
}

func TestEveryFunctionHasAllThatBelongsToIt(t *testing.T) {
	t.Parallel()
	s := template(t)
	makefile := read(t, "Makefile")
	for id := range s.of("AWS::Lambda::Function") {
		if !slices.Contains(slices.Collect(maps.Values(lambdas)), id) {
			t.Errorf("%s of the template is no function of ours", id)
		}
	}
	roles := map[string]bool{}
	for folder, id := range lambdas {
		f := s.must(t, id, "AWS::Lambda::Function")
		f.expect(t, id, "provided.al2023", "Runtime")
		f.expect(t, id, "arm64", "Architectures", 0)
		f.expect(t, id, "bootstrap", "Handler")
		f.expect(t, id, "JSON", "LoggingConfig", "LogFormat")
		if at(f.Properties, "LoggingConfig", "ApplicationLogLevel") != nil {
			t.Errorf("%s: ApplicationLogLevel would drop metric lines", id)
		}
		group := s.must(t, target(at(f.Properties, "LoggingConfig", "LogGroup")), "AWS::Logs::LogGroup")
		if group.Properties["RetentionInDays"] == nil {
			t.Errorf("%s: its logs are kept for ever", id)
		}
		if !s.alarmed("Errors", id) {
			t.Errorf("%s: no alarm on its errors", id)
		}
		role := target(f.Properties["Role"])
		if roles[role] {
			t.Errorf("%s shares its role with another function", id)
		}
		roles[role] = true

		if !regexp.MustCompile(`(?m)^build-` + id + `:\n\t\$\(call bootstrap,` + folder + `\)$`).MatchString(makefile) {
			t.Errorf("the Makefile has no target build-%s that builds functions/%s", id, folder)
		}
		if !strings.Contains(makefile, "$(MAKE) build-"+id+" ARTIFACTS_DIR=dist/"+folder+"\n") {
			t.Errorf("make build does not build %s into dist/%s", id, folder)
		}
	}
}

func TestEveryTriggerHasASampleEvent(t *testing.T) {
	t.Parallel()
	s := template(t)
	for folder, id := range lambdas {
		samples := map[string]object{}
		files, _ := filepath.Glob(filepath.Join("events", folder, "*.json"))
		for _, file := range files {
			var event object
			if err := json.Unmarshal([]byte(read(t, file)), &event); err != nil {
				t.Errorf("%s: %v", file, err)
			}
			samples[file] = event
		}
		some := func(what string, fits func(object) bool) {
			if !slices.ContainsFunc(slices.Collect(maps.Values(samples)), fits) {
				t.Errorf("events/%s has no sample of %s", folder, what)
			}
		}
		for _, mapping := range s.sourcesOf(id) {
			queue := target(mapping.Properties["EventSourceArn"])
			name, _ := at(s.Resources[queue].Properties, "QueueName", "Fn::Sub").(string)
			_, suffix, _ := strings.Cut(name, "}")
			some("a message of "+queue, func(e object) bool {
				arn, _ := at(e, "Records", 0, "eventSourceARN").(string)
				return strings.HasSuffix(arn, suffix)
			})
			some("a malformed message of "+queue, func(e object) bool {
				body, _ := at(e, "Records", 0, "body").(string)
				return body != "" && !json.Valid([]byte(body))
			})
		}
		for schedule, r := range s.of("AWS::Scheduler::Schedule") {
			if target(at(r.Properties, "Target", "Arn")) != id {
				continue
			}
			var input object
			if err := json.Unmarshal([]byte(at(r.Properties, "Target", "Input").(string)), &input); err != nil {
				t.Errorf("%s: its input is not JSON: %v", schedule, err)
			}
			some("the input of "+schedule, func(e object) bool { return fmt.Sprint(e) == fmt.Sprint(input) })
		}
		if id == "ApiFunction" {
			some("a page request", func(e object) bool { return e["version"] == "2.0" && e["rawPath"] == "/" })
			some("a request with a body", func(e object) bool { return e["version"] == "2.0" && e["body"] != nil && e["isBase64Encoded"] == false })
			some("a request with an encoded body", func(e object) bool { return e["version"] == "2.0" && e["isBase64Encoded"] == true })
		}
	}
}

// Handlers of queues return partial failures: without the setting AWS would take
// such an answer for success and drop the failed messages.
func TestPartialFailuresAreConfigured(t *testing.T) {
	t.Parallel()
	s := template(t)
	consumers := map[string]string{"SyncFunction": "RunsQueue", "MatcherFunction": "CustomersQueue", "TicketsFunction": "AlertsQueue"}
	for function, queue := range consumers {
		if len(s.sourcesOf(function)) != 1 {
			t.Errorf("%s has %d event sources, want 1", function, len(s.sourcesOf(function)))
		}
		for id, r := range s.sourcesOf(function) {
			if got := target(r.Properties["EventSourceArn"]); got != queue || attribute(r.Properties["EventSourceArn"]) != "Arn" {
				t.Errorf("%s reads %s, want the ARN of %s", id, got, queue)
			}
			r.expect(t, id, "[ReportBatchItemFailures]", "FunctionResponseTypes")
			if number(at(r.Properties, "ScalingConfig", "MaximumConcurrency")) < 2 {
				t.Errorf("%s has no MaximumConcurrency: it could outrun a vendor's limit", id)
			}
		}
	}
	if got, want := len(s.of("AWS::Lambda::EventSourceMapping")), len(consumers); got != want {
		t.Errorf("the template has %d event source mappings, the guard knows %d", got, want)
	}
}

func TestQueuesLoseNothing(t *testing.T) {
	t.Parallel()
	s := template(t)
	for id, queue := range s.of("AWS::SQS::Queue") {
		queue.expect(t, id, 14*24*60*60, "MessageRetentionPeriod")
		queue.expect(t, id, true, "SqsManagedSseEnabled")
		name, _ := at(queue.Properties, "QueueName", "Fn::Sub").(string)
		fifo := queue.Properties["FifoQueue"] == true
		if fifo != strings.HasSuffix(name, ".fifo") || !strings.HasPrefix(name, "${AWS::StackName}-") {
			t.Errorf("%s: name %q does not fit", id, name)
		}
		if queue.Properties["ContentBasedDeduplication"] == true {
			t.Errorf("%s: senders name their duplicates themselves", id)
		}
		redrive := queue.Properties["RedrivePolicy"]
		if redrive == nil {
			if !strings.HasSuffix(id, "DeadLetterQueue") {
				t.Errorf("%s has no dead-letter queue", id)
			}
			if !s.alarmed("ApproximateNumberOfMessagesVisible", id) {
				t.Errorf("%s: no alarm when a letter lies there", id)
			}
			continue
		}
		dead := target(at(redrive, "deadLetterTargetArn"))
		if letters := s.must(t, dead, "AWS::SQS::Queue"); (letters.Properties["FifoQueue"] == true) != fifo {
			t.Errorf("%s and %s must both be FIFO or neither", id, dead)
		}
		if number(at(redrive, "maxReceiveCount")) < 3 {
			t.Errorf("%s gives up too early", id)
		}
		if !s.alarmed("ApproximateAgeOfOldestMessage", id) {
			t.Errorf("%s: no alarm on the age of its oldest message", id)
		}
	}
	for id, mapping := range s.of("AWS::Lambda::EventSourceMapping") {
		queue := s.must(t, target(mapping.Properties["EventSourceArn"]), "AWS::SQS::Queue")
		function := s.must(t, target(mapping.Properties["FunctionName"]), "AWS::Lambda::Function")
		visible, timeout := number(queue.Properties["VisibilityTimeout"]), number(function.Properties["Timeout"])
		if timeout == 0 || visible < 6*timeout {
			t.Errorf("%s: visibility of %v s is less than six times the timeout of %v s", id, visible, timeout)
		}
	}
}

func TestPoliciesAllowWhatIsNeededAndNoMore(t *testing.T) {
	t.Parallel()
	s := template(t)
	holder := map[string]string{} // role → function
	for _, id := range lambdas {
		holder[target(s.Resources[id].Properties["Role"])] = id
	}
	for id, role := range s.of("AWS::IAM::Role") {
		if role.Properties["ManagedPolicyArns"] != nil {
			t.Errorf("%s takes a managed policy; write out what it needs", id)
		}
		secrets := map[string]bool{}
		for _, policy := range list(role.Properties["Policies"]) {
			for _, statement := range list(at(policy, "PolicyDocument", "Statement")) {
				for _, action := range list(at(statement, "Action")) {
					if strings.Contains(fmt.Sprint(action), "*") {
						t.Errorf("%s: action %v", id, action)
					}
					if action == "secretsmanager:PutSecretValue" && holder[id] != "ApiFunction" {
						t.Errorf("%s may change credentials", id)
					}
					for _, on := range list(at(statement, "Resource")) {
						if target(on) == "" {
							t.Errorf("%s: %v is allowed on %v, not on a resource of this stack", id, action, on)
						}
						if action == "secretsmanager:GetSecretValue" {
							secrets[target(on)] = true
						}
					}
				}
			}
		}
		function, found := holder[id]
		if !found {
			continue
		}
		given := map[string]bool{}
		for name, value := range at(s.Resources[function].Properties, "Environment", "Variables").(object) {
			if strings.HasPrefix(name, "BRIDGE_SECRET_") {
				given[target(value)] = true
			}
			if strings.Contains(fmt.Sprint(value), "resolve:") {
				t.Errorf("%s: %s puts a secret value into the environment", function, name)
			}
		}
		if !maps.Equal(secrets, given) {
			t.Errorf("%s may read the secrets %v and is told of %v", function, secrets, given)
		}
	}
	for vendor, writers := range map[string][]string{"ITGlue": {"MatcherFunction", "ApiFunction"}, "ConnectWise": {"TicketsFunction", "ApiFunction"}} {
		for _, id := range []string{"MatcherFunction", "TicketsFunction"} {
			told := at(s.Resources[id].Properties, "Environment", "Variables", "BRIDGE_SECRET_"+strings.ToUpper(vendor)) != nil
			if told != slices.Contains(writers, id) {
				t.Errorf("%s and the credentials of %s: one writer per vendor", id, vendor)
			}
		}
	}
}

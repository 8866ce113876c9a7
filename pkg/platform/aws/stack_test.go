package aws_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"uniview-bridge/pkg/platform/aws"
	"uniview-bridge/pkg/platform/aws/moto"
	"uniview-bridge/pkg/state"
)

const (
	proven   = "proven on moto"
	asserted = "asserted on the translated template (root package)"
)

// where says for each kind of resource, and for each fact that moto drops, where
// it is held to be right. A kind that is missing here fails the test.
var where = map[string]string{
	"AWS::DynamoDB::Table":            proven,
	"AWS::SQS::Queue":                 proven,
	"AWS::IAM::Role":                  proven,
	"AWS::Lambda::Function":           proven,
	"AWS::Lambda::EventSourceMapping": proven,
	"AWS::Logs::LogGroup":             proven,
	"AWS::SNS::Topic":                 proven,

	"AWS::ApiGatewayV2::Api":          asserted,
	"AWS::ApiGatewayV2::Stage":        asserted,
	"AWS::CloudWatch::Alarm":          asserted,
	"AWS::Lambda::EventInvokeConfig":  asserted,
	"AWS::Lambda::Permission":         asserted,
	"AWS::SNS::Subscription":          asserted,
	"AWS::Scheduler::Schedule":        asserted,
	"AWS::SecretsManager::Secret":     asserted,
	"table: expiry (TTL)":             asserted,
	"table: point-in-time recovery":   asserted,
	"table: encryption, kept":         asserted,
	"function: arm64, reserved limit": asserted,
}

// deployed is the translated template, created on moto as a stack.
type deployed struct {
	server   *moto.Server
	template struct {
		Resources map[string]struct{ Type string }
	}
	name      string
	physical  map[string]string // logical → physical id of what moto created
	functions map[string]function
}

type function struct {
	FunctionName, Runtime, Handler, Role string
	Timeout, MemorySize                  int
	Environment                          struct{ Variables map[string]string }
}

func TestTheTemplateAsAStack(t *testing.T) {
	t.Parallel()
	d := deploy(t)
	t.Run("what was created and where the rest is held to be right", d.split)
	t.Run("the table keeps items", d.table)
	t.Run("queues hand failed messages to their dead-letter queues", d.queues)
	t.Run("functions know the stack's own resources", d.knows)
	t.Run("event sources feed the right function and take partial failures", d.sources)
	t.Run("roles name the stack's own resources", d.roles)
	t.Run("logs are kept for a while", d.logs)
}

func deploy(t *testing.T) *deployed {
	t.Helper()
	server := moto.Start(t)
	translate := exec.Command("python3", "tools/translate.py", "template.yaml")
	translate.Dir = "../../.."
	out, err := translate.Output()
	if err != nil {
		message := fmt.Sprintf("the template cannot be translated (pip install -r tools/requirements.txt): %v", err)
		if os.Getenv("CI") == "true" {
			t.Fatal(message)
		}
		t.Skip("SKIPPED: " + message)
	}
	d := &deployed{server: server, name: moto.Name(t), physical: map[string]string{}, functions: map[string]function{}}
	if err := json.Unmarshal(out, &d.template); err != nil {
		t.Fatal(err)
	}

	// The functions' code has to lie somewhere; moto looks at it.
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	if _, err := w.Create("bootstrap"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	d.call(t, "s3", http.MethodPut, "/code", "", "")
	d.call(t, "s3", http.MethodPut, "/code/bootstrap.zip", "application/zip", archive.String())

	d.query(t, "cloudformation", nil, url.Values{
		"Action": {"CreateStack"}, "Version": {"2010-05-15"}, "StackName": {d.name},
		"Capabilities.member.1": {"CAPABILITY_IAM"}, "TemplateBody": {string(out)},
	})
	var resources struct {
		Members []struct {
			Logical  string `xml:"LogicalResourceId"`
			Physical string `xml:"PhysicalResourceId"`
		} `xml:"ListStackResourcesResult>StackResourceSummaries>member"`
	}
	d.query(t, "cloudformation", &resources, url.Values{"Action": {"ListStackResources"}, "Version": {"2010-05-15"}, "StackName": {d.name}})
	for _, r := range resources.Members {
		if r.Logical != "" && r.Physical != "" {
			d.physical[r.Logical] = r.Physical
		}
	}
	var functions struct{ Functions []function }
	d.json(t, "lambda", http.MethodGet, "/2015-03-31/functions/", "", &functions)
	for _, f := range functions.Functions {
		for logical, physical := range d.physical {
			if f.FunctionName == physical {
				d.functions[logical] = f
			}
		}
	}
	return d
}

// split prints which resources moto created and where the others are asserted.
func (d *deployed) split(t *testing.T) {
	templated, created := map[string]int{}, map[string]int{}
	for logical, r := range d.template.Resources {
		templated[r.Type]++
		if d.physical[logical] != "" {
			created[r.Type]++
		}
	}
	kinds := []string{}
	for kind := range where {
		kinds = append(kinds, kind)
	}
	for kind := range templated {
		if where[kind] == "" {
			t.Errorf("%s is neither proven nor asserted anywhere", kind)
		}
	}
	slices.Sort(kinds)
	t.Logf("%-34s %8s %8s  %s", "kind", "template", "on moto", "held to be right")
	for _, kind := range kinds {
		if !strings.HasPrefix(kind, "AWS::") {
			t.Logf("%-34s %8s %8s  %s", kind, "", "", where[kind])
			continue
		}
		t.Logf("%-34s %8d %8d  %s", kind, templated[kind], created[kind], where[kind])
		if where[kind] == proven && (templated[kind] == 0 || created[kind] != templated[kind]) {
			t.Errorf("%s: %d in the template, %d on moto", kind, templated[kind], created[kind])
		}
	}
}

func (d *deployed) table(t *testing.T) {
	name := d.physical["StateTable"]
	client := dynamodb.NewFromConfig(d.server.Config())
	out, err := client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &name})
	if err != nil {
		t.Fatal(err)
	}
	if got := out.Table.BillingModeSummary.BillingMode; got != "PAY_PER_REQUEST" {
		t.Errorf("billing mode %s", got)
	}
	p := aws.New(aws.Config{Table: name}, d.server.Config())
	item := state.Item{Key: state.Key{PK: "stack", SK: "item"}, Data: []byte("kept")}
	if _, err := p.Put(t.Context(), item); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Put(t.Context(), item); err == nil {
		t.Error("a new item was created twice")
	}
	got, err := p.Query(t.Context(), state.Query{PK: "stack"})
	if err != nil || len(got) != 1 || string(got[0].Data) != "kept" {
		t.Errorf("query gives %v, %v", got, err)
	}
}

func (d *deployed) queues(t *testing.T) {
	client := sqs.NewFromConfig(d.server.Config())
	config := aws.Config{Queues: map[string]string{}, DeadLetterQueues: map[string]string{}}
	prefixes := map[string]string{state.RunsQueue: "Runs", state.CustomersQueue: "Customers", state.AlertsQueue: "Alerts"}
	for name, prefix := range prefixes {
		config.Queues[name] = d.queueURL(t, client, prefix+"Queue")
		config.DeadLetterQueues[name] = d.queueURL(t, client, prefix+"DeadLetterQueue")
	}
	p := aws.New(config, d.server.Config())
	for name := range prefixes {
		t.Run(name, func(t *testing.T) {
			attributes := d.attributes(t, client, config.Queues[name])
			var redrive struct {
				DeadLetterTargetArn string      `json:"deadLetterTargetArn"`
				MaxReceiveCount     json.Number `json:"maxReceiveCount"`
			}
			if err := json.Unmarshal([]byte(attributes["RedrivePolicy"]), &redrive); err != nil {
				t.Fatalf("redrive policy %q: %v", attributes["RedrivePolicy"], err)
			}
			if want := d.attributes(t, client, config.DeadLetterQueues[name])["QueueArn"]; redrive.DeadLetterTargetArn != want {
				t.Errorf("dead letters go to %s, want %s", redrive.DeadLetterTargetArn, want)
			}
			out := state.Outgoing{Body: []byte(`{"version":1}`)}
			if name != state.RunsQueue {
				out.Group, out.DedupID = "customer", "once"
			}
			if err := p.Send(t.Context(), name, out); err != nil {
				t.Fatal(err)
			}
			tries, err := redrive.MaxReceiveCount.Int64()
			if err != nil {
				t.Fatal(err)
			}
			received := int64(0)
			for url := config.Queues[name]; received <= tries; received++ {
				got, err := client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url})
				if err != nil {
					t.Fatal(err)
				}
				if len(got.Messages) == 0 {
					break
				}
				if _, err := client.ChangeMessageVisibility(t.Context(), &sqs.ChangeMessageVisibilityInput{
					QueueUrl: &url, ReceiptHandle: got.Messages[0].ReceiptHandle, VisibilityTimeout: 0,
				}); err != nil {
					t.Fatal(err)
				}
			}
			// moto moves a message when it is given back, one receive earlier than AWS.
			if received != tries && received != tries-1 {
				t.Errorf("given up after %d receives, want %d", received, tries)
			}
			letters, err := p.Letters(t.Context(), name, 10)
			if err != nil || len(letters) != 1 || letters[0].Group != out.Group || !bytes.Equal(letters[0].Body, out.Body) {
				t.Errorf("dead letters %+v, %v", letters, err)
			}
		})
	}
}

func (d *deployed) knows(t *testing.T) {
	client := sqs.NewFromConfig(d.server.Config())
	want := map[string]string{
		"BRIDGE_TABLE":           d.physical["StateTable"],
		"BRIDGE_QUEUE_RUNS":      d.queueURL(t, client, "RunsQueue"),
		"BRIDGE_QUEUE_CUSTOMERS": d.queueURL(t, client, "CustomersQueue"),
		"BRIDGE_QUEUE_ALERTS":    d.queueURL(t, client, "AlertsQueue"),
	}
	if len(d.functions) != 4 {
		t.Fatalf("%d functions", len(d.functions))
	}
	for id, f := range d.functions {
		if f.Runtime != "provided.al2023" || f.Handler != "bootstrap" || f.Timeout == 0 || f.MemorySize == 0 {
			t.Errorf("%s: %+v", id, f)
		}
		for name, value := range want {
			if got := f.Environment.Variables[name]; lastPart(got) != lastPart(value) {
				t.Errorf("%s: %s is %q, want %q", id, name, got, value)
			}
		}
		if got := f.Environment.Variables["BRIDGE_LOG_LEVEL"]; got != "info" {
			t.Errorf("%s: log level %q", id, got)
		}
	}
}

func (d *deployed) sources(t *testing.T) {
	var mappings struct {
		EventSourceMappings []struct {
			EventSourceArn, FunctionArn, State string
			BatchSize                          int
			FunctionResponseTypes              []string
			ScalingConfig                      struct{ MaximumConcurrency int }
		}
	}
	d.json(t, "lambda", http.MethodGet, "/2015-03-31/event-source-mappings/", "", &mappings)
	want := map[string]string{"RunsQueue": "SyncFunction", "CustomersQueue": "MatcherFunction", "AlertsQueue": "TicketsFunction"}
	for queue, function := range want {
		found := false
		for _, m := range mappings.EventSourceMappings {
			if lastPart(m.EventSourceArn) != lastPart(d.physical[queue]) {
				continue
			}
			found = true
			if lastPart(m.FunctionArn) != d.physical[function] || m.State != "Enabled" || m.BatchSize != 1 ||
				!slices.Equal(m.FunctionResponseTypes, []string{"ReportBatchItemFailures"}) || m.ScalingConfig.MaximumConcurrency < 2 {
				t.Errorf("%s feeds %+v, want %s", queue, m, function)
			}
		}
		if !found {
			t.Errorf("nothing reads %s", queue)
		}
	}
}

func (d *deployed) roles(t *testing.T) {
	for role, policy := range map[string]struct {
		name     string
		has, not []string
	}{
		"SyncRole":    {"sync", []string{"RunsQueue", "CustomersQueue", "AlertsQueue", "StateTable"}, []string{"RunsDeadLetterQueue"}},
		"MatcherRole": {"matcher", []string{"CustomersQueue", "StateTable"}, []string{"AlertsQueue", "RunsQueue"}},
		"TicketsRole": {"tickets", []string{"AlertsQueue", "StateTable"}, []string{"CustomersQueue", "RunsQueue"}},
		"ApiRole":     {"api", []string{"RunsDeadLetterQueue", "CustomersDeadLetterQueue", "AlertsDeadLetterQueue", "StateTable"}, []string{"ScheduleDeadLetterQueue"}},
	} {
		var answer struct {
			Document string `xml:"GetRolePolicyResult>PolicyDocument"`
		}
		d.query(t, "iam", &answer, url.Values{
			"Action": {"GetRolePolicy"}, "Version": {"2010-05-08"}, "RoleName": {d.physical[role]}, "PolicyName": {policy.name},
		})
		document, err := url.QueryUnescape(answer.Document)
		if err != nil || document == "" {
			t.Errorf("%s: policy %q, %v", role, answer.Document, err)
		}
		// moto gives the document as Python prints it.
		names := func(logical string) bool {
			physical := lastPart(d.physical[logical])
			return strings.Contains(document, ":"+physical+"'") || strings.Contains(document, "/"+physical+"'")
		}
		for _, logical := range policy.has {
			if !names(logical) {
				t.Errorf("%s may not use %s: %s", role, logical, document)
			}
		}
		for _, logical := range policy.not {
			if names(logical) {
				t.Errorf("%s may use %s", role, logical)
			}
		}
	}
}

func (d *deployed) logs(t *testing.T) {
	var groups struct {
		LogGroups []struct {
			LogGroupName    string
			RetentionInDays int
		}
	}
	d.json(t, "logs", http.MethodPost, "/", "Logs_20140328.DescribeLogGroups", &groups)
	kept := map[string]int{}
	for _, g := range groups.LogGroups {
		kept[g.LogGroupName] = g.RetentionInDays
	}
	for _, logical := range []string{"SyncLogs", "MatcherLogs", "TicketsLogs", "ApiLogs", "ApiAccessLogs"} {
		if kept[d.physical[logical]] != 30 {
			t.Errorf("%s is kept for %d days", logical, kept[d.physical[logical]])
		}
	}
}

// queueURL asks for the address by name: the one in the stack is AWS's own.
func (d *deployed) queueURL(t *testing.T, client *sqs.Client, logical string) string {
	t.Helper()
	out, err := client.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: awssdk.String(lastPart(d.physical[logical]))})
	if err != nil {
		t.Fatalf("%s: %v", logical, err)
	}
	return *out.QueueUrl
}

func (d *deployed) attributes(t *testing.T, client *sqs.Client, url string) map[string]string {
	t.Helper()
	out, err := client.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []sqstypes.QueueAttributeName{"All"}})
	if err != nil {
		t.Fatal(err)
	}
	return out.Attributes
}

// lastPart is what follows the last slash or colon of an ARN or URL.
func lastPart(s string) string { return s[strings.LastIndexAny(s, "/:")+1:] }

// The services below have no SDK module in this project; a few requests do not need one.

func (d *deployed) query(t *testing.T, service string, answer any, form url.Values) {
	t.Helper()
	body := d.call(t, service, http.MethodPost, "/", "application/x-www-form-urlencoded", form.Encode())
	if answer == nil {
		return
	}
	if err := xml.Unmarshal(body, answer); err != nil {
		t.Fatalf("%s %s: %v: %.300s", service, form.Get("Action"), err, body)
	}
}

func (d *deployed) json(t *testing.T, service, method, path, target string, answer any) {
	t.Helper()
	if err := json.Unmarshal(d.call(t, service, method, path, target, "{}"), answer); err != nil {
		t.Fatalf("%s %s: %v", service, path, err)
	}
}

// call sends a request; kind is its content type, or the target of a JSON service.
// moto reads the service from the signature's scope and checks no signature.
func (d *deployed) call(t *testing.T, service, method, path, kind, body string) []byte {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, d.server.Endpoint+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/"+moto.Region+"/"+service+"/aws4_request, SignedHeaders=host, Signature=0")
	if strings.Contains(kind, "/") {
		r.Header.Set("Content-Type", kind)
	} else if kind != "" {
		r.Header.Set("Content-Type", "application/x-amz-json-1.1")
		r.Header.Set("X-Amz-Target", kind)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode >= 300 {
		t.Fatalf("%s %s %s: %s, %v: %.500s", service, method, path, answer.Status, err, data)
	}
	return data
}

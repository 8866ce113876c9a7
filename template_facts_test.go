package repo_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The tests of this file assert what a stack on the local AWS stand-in does not
// create, though it says it did: secrets, schedules, the HTTP API, alarms, and
// the table's expiry and recovery (see pkg/platform/aws/stack_test.go).

func TestTheTableOutlivesTheStack(t *testing.T) {
	t.Parallel()
	table := template(t).must(t, "StateTable", "AWS::DynamoDB::Table")
	if table.DeletionPolicy != "Retain" || table.UpdateReplacePolicy != "Retain" {
		t.Error("deleting the stack would delete people's decisions")
	}
	table.expect(t, "StateTable", "PAY_PER_REQUEST", "BillingMode")
	table.expect(t, "StateTable", "map[AttributeName:expires Enabled:true]", "TimeToLiveSpecification")
	table.expect(t, "StateTable", true, "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled")
	table.expect(t, "StateTable", true, "SSESpecification", "SSEEnabled")
	table.expect(t, "StateTable", "[map[AttributeName:pk KeyType:HASH] map[AttributeName:sk KeyType:RANGE]]", "KeySchema")
}

func TestSecretsStartEmptyAndOutliveTheStack(t *testing.T) {
	t.Parallel()
	secrets := template(t).of("AWS::SecretsManager::Secret")
	if got, want := slices.Sorted(maps.Keys(secrets)), []string{"ConnectWiseSecret", "ITGlueSecret", "UniViewSecret"}; !slices.Equal(got, want) {
		t.Errorf("secrets %v, want %v", got, want)
	}
	for id, secret := range secrets {
		secret.expect(t, id, "{}", "SecretString")
		if secret.DeletionPolicy != "Retain" || secret.UpdateReplacePolicy != "Retain" {
			t.Errorf("%s would be deleted with the stack", id)
		}
	}
}

// grammar is what EventBridge Scheduler takes for a rate; one unit is singular.
var grammar = regexp.MustCompile(`^rate\((1 (minute|hour|day)|([2-9]|[1-9][0-9]+) (minutes|hours|days))\)$`)

func TestSchedulesAreDeliveredOrLeaveALetter(t *testing.T) {
	t.Parallel()
	s := template(t)
	scopes := map[string]string{}
	for id, schedule := range s.of("AWS::Scheduler::Schedule") {
		input, _ := at(schedule.Properties, "Target", "Input").(string)
		parameter := target(schedule.Properties["ScheduleExpression"])
		expression := fmt.Sprint(s.Parameters[parameter]["Default"])
		scopes[input] = expression
		if !grammar.MatchString(expression) {
			t.Errorf("%s: %q is no schedule", id, expression)
		}
		pattern := regexp.MustCompile(fmt.Sprint(s.Parameters[parameter]["AllowedPattern"]))
		for bad, why := range map[string]string{"rate(15 minute)": "plural", "rate(1 hours)": "singular", "rate(0 minutes)": "none", "5 minutes": "no rate"} {
			if pattern.MatchString(bad) {
				t.Errorf("%s lets %q through (%s)", parameter, bad, why)
			}
		}
		if schedule.Properties["Name"] != nil {
			t.Errorf("%s has a fixed name: a second stack in the account could not be created", id)
		}
		schedule.expect(t, id, "map[Ref:ScheduleState]", "State")
		schedule.expect(t, id, "OFF", "FlexibleTimeWindow", "Mode")
		if at(schedule.Properties, "Target", "RetryPolicy", "MaximumRetryAttempts") == nil {
			t.Errorf("%s has no retry policy", id)
		}
		letters := at(schedule.Properties, "Target", "DeadLetterConfig", "Arn")
		if target(letters) != "ScheduleDeadLetterQueue" || attribute(letters) != "Arn" {
			t.Errorf("%s: dead letters go to %v, want the ARN of ScheduleDeadLetterQueue", id, letters)
		}
		may := fmt.Sprint(s.Resources[target(at(schedule.Properties, "Target", "RoleArn"))].Properties["Policies"])
		if !strings.Contains(may, "lambda:InvokeFunction") || !strings.Contains(may, "sqs:SendMessage") {
			t.Errorf("%s: its role may not invoke the function or leave a dead letter", id)
		}
	}
	want := map[string]string{
		`{"version":1,"source":"schedule","scope":"documentation"}`: "rate(1 hour)",
		`{"version":1,"source":"schedule","scope":"alerts"}`:        "rate(5 minutes)",
	}
	if !maps.Equal(scopes, want) {
		t.Errorf("schedules %v, want %v", scopes, want)
	}
}

func TestAFailedScheduledRunIsTriedOnceMore(t *testing.T) {
	t.Parallel()
	config := template(t).must(t, "SyncFunctionEventInvokeConfig", "AWS::Lambda::EventInvokeConfig")
	config.expect(t, "SyncFunctionEventInvokeConfig", "map[Ref:SyncFunction]", "FunctionName")
	config.expect(t, "SyncFunctionEventInvokeConfig", 1, "MaximumRetryAttempts")
	config.expect(t, "SyncFunctionEventInvokeConfig", 300, "MaximumEventAgeInSeconds")
}

func TestTheHTTPAPIGuardsItself(t *testing.T) {
	t.Parallel()
	s := template(t)
	api := s.must(t, "HttpApi", "AWS::ApiGatewayV2::Api")
	integration := []any{"Body", "paths", "$default", "x-amazon-apigateway-any-method", "x-amazon-apigateway-integration"}
	api.expect(t, "HttpApi", "2.0", append(integration, "payloadFormatVersion")...)
	api.expect(t, "HttpApi", "aws_proxy", append(integration, "type")...)
	if uri := fmt.Sprint(at(api.Properties, append(integration, "uri")...)); !strings.Contains(uri, "${ApiFunction.Arn}") {
		t.Errorf("the default route goes to %s", uri)
	}
	paths, _ := at(api.Properties, "Body", "paths").(object)
	if len(paths) != 1 {
		t.Errorf("the API has %d routes; the handler decides about paths", len(paths))
	}
	if timeout := number(at(api.Properties, append(integration, "timeoutInMillis")...)); timeout > 30000 || number(s.Resources["ApiFunction"].Properties["Timeout"])*1000 >= timeout {
		t.Errorf("the function must give up before the gateway does, after %v ms", timeout)
	}
	for id, permission := range s.of("AWS::Lambda::Permission") {
		permission.expect(t, id, "map[Ref:ApiFunction]", "FunctionName")
		permission.expect(t, id, "apigateway.amazonaws.com", "Principal")
		if source := fmt.Sprint(permission.Properties["SourceArn"]); !strings.Contains(source, "HttpApi") {
			t.Errorf("%s: any API may invoke the function: %s", id, source)
		}
	}
	stages := s.of("AWS::ApiGatewayV2::Stage")
	if len(stages) != 1 {
		t.Fatalf("the API has %d stages, want 1", len(stages))
	}
	for id, stage := range stages {
		stage.expect(t, id, "$default", "StageName")
		for _, limit := range []string{"ThrottlingRateLimit", "ThrottlingBurstLimit"} {
			if number(at(stage.Properties, "DefaultRouteSettings", limit)) <= 0 {
				t.Errorf("%s has no %s", id, limit)
			}
		}
		group := s.must(t, target(at(stage.Properties, "AccessLogSettings", "DestinationArn")), "AWS::Logs::LogGroup")
		if group.Properties["RetentionInDays"] == nil {
			t.Error("access logs are kept for ever")
		}
		format := fmt.Sprint(at(stage.Properties, "AccessLogSettings", "Format"))
		if !strings.Contains(format, "$context.requestId") || strings.Contains(format, "rawQueryString") || strings.Contains(format, "authorizer") {
			t.Errorf("access log format %s", format)
		}
	}
}

func TestAlarmsRingForWhatMatters(t *testing.T) {
	t.Parallel()
	s := template(t)
	s.must(t, "NoticesTopic", "AWS::SNS::Topic")
	if s.Resources["NotifyEmailSubscription"].Type != "AWS::SNS::Subscription" {
		t.Error("nobody can be told by mail")
	}
	silence := map[string]string{}
	for id, alarm := range s.of("AWS::CloudWatch::Alarm") {
		if target(at(alarm.Properties, "AlarmActions", 0)) != "NoticesTopic" {
			t.Errorf("%s tells nobody", id)
		}
		if alarm.Properties["AlarmDescription"] == nil {
			t.Errorf("%s does not say what to do", id)
		}
		if alarm.Properties["MetricName"] != "SyncSucceeded" {
			alarm.expect(t, id, "notBreaching", "TreatMissingData")
			alarm.expect(t, id, "GreaterThanThreshold", "ComparisonOperator")
			continue
		}
		silence[fmt.Sprint(at(alarm.Properties, "Dimensions", 0, "Value"))] = target(alarm.Properties["EvaluationPeriods"])
		alarm.expect(t, id, "Scope", "Dimensions", 0, "Name")
		alarm.expect(t, id, "UniViewBridge", "Namespace")
		alarm.expect(t, id, "breaching", "TreatMissingData")
		alarm.expect(t, id, "LessThanThreshold", "ComparisonOperator")
		alarm.expect(t, id, 3600, "Period")
	}
	want := map[string]string{"documentation": "DocumentationSilenceHours", "alerts": "AlertsSilenceHours"}
	if !maps.Equal(silence, want) {
		t.Errorf("silence alarms %v, want %v", silence, want)
	}
	if !s.alarmed("Notices", "") {
		t.Error("no alarm on notices")
	}
}

func TestParametersAndOutputsExplainThemselves(t *testing.T) {
	t.Parallel()
	s := template(t)
	source := read(t, "template.yaml")
	for name, parameter := range s.Parameters {
		if parameter["Description"] == nil || parameter["ConstraintDescription"] == nil || parameter["Default"] == nil {
			t.Errorf("parameter %s needs a description, a message for wrong values and a default", name)
		}
		if parameter["AllowedPattern"] == nil && parameter["AllowedValues"] == nil && parameter["MinValue"] == nil {
			t.Errorf("parameter %s takes anything", name)
		}
		if !strings.Contains(source, "      "+name+": {default: ") {
			t.Errorf("parameter %s has no label", name)
		}
		if strings.Count(source, "!Ref "+name) == 0 {
			t.Errorf("parameter %s is used nowhere", name)
		}
	}
	for name, output := range s.Outputs {
		if output["Description"] == nil {
			t.Errorf("output %s has no description", name)
		}
	}
}

// named tells whether code holds the name, whole or put together at one of its
// underscores ("BRIDGE_QUEUE_" + "RUNS", "ITGLUE" + "_RATE").
func named(code, name string) bool {
	if strings.Contains(code, `"`+name+`"`) {
		return true
	}
	for i, letter := range name {
		if letter == '_' && (strings.Contains(code, `"`+name[:i+1]+`"`) || strings.Contains(code, `"`+name[i:]+`"`)) {
			return true
		}
	}
	return false
}

// The names that template and code share: a misspelt one would only show on AWS.
func TestTheCodeKnowsTheTemplatesNames(t *testing.T) {
	t.Parallel()
	s := template(t)
	if own, _ := goList(t); !slices.ContainsFunc(own, func(p pack) bool { return p.name() == "functions/sync" }) {
		t.Skip("SKIPPED: there are no functions yet (TestEveryPackageThatTheLayoutPromisesExists fails for it)")
	}
	code := sources(t)
	for _, id := range lambdas {
		variables, _ := at(s.Resources[id].Properties, "Environment", "Variables").(object)
		for name := range variables {
			if !named(code, name) {
				t.Errorf("no code reads %s, which the template gives %s", name, id)
			}
		}
	}
	for _, alarm := range s.of("AWS::CloudWatch::Alarm") {
		if alarm.Properties["Namespace"] == "UniViewBridge" && !strings.Contains(code, fmt.Sprint(alarm.Properties["MetricName"])) {
			t.Errorf("no code writes the metric %v", alarm.Properties["MetricName"])
		}
	}
	if !strings.Contains(code, `"UniViewBridge"`) {
		t.Error("no code writes metrics into the namespace UniViewBridge")
	}
}

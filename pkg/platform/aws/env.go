package aws

import (
	"errors"
	"fmt"
	"strings"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"uniview-bridge/pkg/state"
)

// FromEnv opens the platform that a function's environment names: BRIDGE_TABLE,
// BRIDGE_QUEUE_…, BRIDGE_DLQ_… and BRIDGE_SECRET_…. A function is given only the
// names it needs. Region, credentials and AWS_ENDPOINT_URL are those of the
// environment, where Lambda puts them; files and other sources of credentials,
// which the SDK's config module would bring along (2 MB), do not exist there.
func FromEnv(lookup func(string) (string, bool)) (*Platform, error) {
	c := Config{Queues: map[string]string{}, DeadLetterQueues: map[string]string{}, Secrets: map[string]string{}, Now: time.Now}
	c.Table, _ = lookup("BRIDGE_TABLE")
	if c.Table == "" {
		return nil, errors.New("BRIDGE_TABLE is not set: it names the DynamoDB table of the stack")
	}
	for into, from := range map[*map[string]string]struct {
		prefix string
		names  []string
	}{
		&c.Queues:           {"BRIDGE_QUEUE_", []string{state.RunsQueue, state.CustomersQueue, state.AlertsQueue}},
		&c.DeadLetterQueues: {"BRIDGE_DLQ_", []string{state.RunsQueue, state.CustomersQueue, state.AlertsQueue}},
		&c.Secrets:          {"BRIDGE_SECRET_", []string{string(state.UniView), string(state.ITGlue), string(state.ConnectWise)}},
	} {
		for _, name := range from.names {
			if v, ok := lookup(from.prefix + strings.ToUpper(name)); ok && v != "" {
				(*into)[name] = v
			}
		}
	}
	var errs []error
	need := func(name string) string {
		v, _ := lookup(name)
		if v == "" {
			errs = append(errs, fmt.Errorf("%s is not set: Lambda sets it", name))
		}
		return v
	}
	token, _ := lookup("AWS_SESSION_TOKEN")
	sdk := awssdk.Config{
		Region:      need("AWS_REGION"),
		Credentials: credentials.NewStaticCredentialsProvider(need("AWS_ACCESS_KEY_ID"), need("AWS_SECRET_ACCESS_KEY"), token),
	}
	if endpoint, _ := lookup("AWS_ENDPOINT_URL"); endpoint != "" {
		sdk.BaseEndpoint = &endpoint
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return New(c, sdk), nil
}

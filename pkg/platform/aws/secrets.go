package aws

import (
	"context"
	"fmt"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"uniview-bridge/pkg/platform/limits"
	"uniview-bridge/pkg/state"
)

// Secrets is the state.Secrets of an AWS account. The secrets themselves are made by
// the stack, each with the placeholder `{}`.
type Secrets struct {
	client secretCalls
	ids    map[string]string
}

var _ state.Secrets = (*Secrets)(nil)

// currentStage is always named: without it a stand-in answers with an old version.
const currentStage = "AWSCURRENT"

// Get implements state.Secrets.
func (s *Secrets) Get(ctx context.Context, name string) (state.Secret, error) {
	id, ok := s.ids[name]
	if !ok {
		return state.Secret{}, missing("secret", name)
	}
	out, err := s.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{
		SecretId: &id, VersionStage: awssdk.String(currentStage),
	})
	if hasCode(err, "ResourceNotFoundException") {
		return state.Secret{}, fmt.Errorf("secret %q: %w", name, state.ErrNotFound)
	}
	if err != nil {
		return state.Secret{}, failure("secretsmanager GetSecretValue", err)
	}
	value := []byte(awssdk.ToString(out.SecretString))
	if limits.NoSecret(value) {
		return state.Secret{}, fmt.Errorf("secret %q: %w", name, state.ErrNotFound)
	}
	return state.Secret{Value: value, Version: awssdk.ToString(out.VersionId)}, nil
}

// Put implements state.Secrets.
func (s *Secrets) Put(ctx context.Context, name string, value []byte) (string, error) {
	id, ok := s.ids[name]
	if !ok {
		return "", missing("secret", name)
	}
	if err := limits.Secret(name, value); err != nil {
		return "", fmt.Errorf("store secret %q: %w", name, err)
	}
	out, err := s.client.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{
		SecretId: &id, SecretString: awssdk.String(string(value)), VersionStages: []string{currentStage},
	})
	if err != nil {
		return "", failure("secretsmanager PutSecretValue", err)
	}
	return awssdk.ToString(out.VersionId), nil
}

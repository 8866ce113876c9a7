package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// call is one operation of an SDK client.
//
// The platform holds the operations it uses and not the clients: a program that
// uses html/template makes the linker keep every method that reflection could
// reach, and through a client that is the whole service (2 MB in the api function).
// It is also the list of what the functions' roles must allow.
type call[Options, In, Out any] = func(context.Context, *In, ...func(*Options)) (*Out, error)

type dynamoCalls struct {
	GetItem      call[dynamodb.Options, dynamodb.GetItemInput, dynamodb.GetItemOutput]
	BatchGetItem call[dynamodb.Options, dynamodb.BatchGetItemInput, dynamodb.BatchGetItemOutput]
	PutItem      call[dynamodb.Options, dynamodb.PutItemInput, dynamodb.PutItemOutput]
	UpdateItem   call[dynamodb.Options, dynamodb.UpdateItemInput, dynamodb.UpdateItemOutput]
	DeleteItem   call[dynamodb.Options, dynamodb.DeleteItemInput, dynamodb.DeleteItemOutput]
	Query        call[dynamodb.Options, dynamodb.QueryInput, dynamodb.QueryOutput]
}

func callDynamo(c *dynamodb.Client) dynamoCalls {
	return dynamoCalls{c.GetItem, c.BatchGetItem, c.PutItem, c.UpdateItem, c.DeleteItem, c.Query}
}

type sqsCalls struct {
	SendMessageBatch             call[sqs.Options, sqs.SendMessageBatchInput, sqs.SendMessageBatchOutput]
	ReceiveMessage               call[sqs.Options, sqs.ReceiveMessageInput, sqs.ReceiveMessageOutput]
	ChangeMessageVisibilityBatch call[sqs.Options, sqs.ChangeMessageVisibilityBatchInput, sqs.ChangeMessageVisibilityBatchOutput]
	DeleteMessage                call[sqs.Options, sqs.DeleteMessageInput, sqs.DeleteMessageOutput]
	GetQueueAttributes           call[sqs.Options, sqs.GetQueueAttributesInput, sqs.GetQueueAttributesOutput]
}

func callSQS(c *sqs.Client) sqsCalls {
	return sqsCalls{c.SendMessageBatch, c.ReceiveMessage, c.ChangeMessageVisibilityBatch, c.DeleteMessage, c.GetQueueAttributes}
}

type secretCalls struct {
	GetSecretValue call[secretsmanager.Options, secretsmanager.GetSecretValueInput, secretsmanager.GetSecretValueOutput]
	PutSecretValue call[secretsmanager.Options, secretsmanager.PutSecretValueInput, secretsmanager.PutSecretValueOutput]
}

func callSecrets(c *secretsmanager.Client) secretCalls {
	return secretCalls{c.GetSecretValue, c.PutSecretValue}
}

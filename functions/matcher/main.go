// Command matcher brings one customer's documentation in IT Glue up to date per message
// of the customers queue.
package main

import (
	"context"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"uniview-bridge/pkg/onlambda"
)

func main() {
	b, err := onlambda.Build(context.Background(), os.LookupEnv)
	if err != nil {
		onlambda.Fail(err)
	}
	lambda.Start(b.MatcherHandler().Handle)
}

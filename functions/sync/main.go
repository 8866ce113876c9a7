// Command sync reads the whole account on a schedule or on demand, decides what only the
// account can decide, and sends one message per customer that is due.
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
	lambda.Start(b.SyncHandler().Handle)
}

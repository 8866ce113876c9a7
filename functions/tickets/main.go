// Command tickets brings one customer's tickets in ConnectWise up to date per message of
// the alerts queue.
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
	lambda.Start(b.TicketsHandler().Handle)
}

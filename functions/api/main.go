// Command api serves the console and the JSON API behind API Gateway. Until
// sign-in is configured it answers health checks only.
package main

import (
	"context"
	"net/http"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"uniview-bridge/pkg/bridge/web"
	"uniview-bridge/pkg/handler"
	"uniview-bridge/pkg/httpapi/access"
	"uniview-bridge/pkg/onlambda"
)

func main() {
	b, err := onlambda.Build(context.Background(), os.LookupEnv)
	if err != nil {
		onlambda.Fail(err)
	}
	pages := web.Handler(b, web.Options{
		Policy: access.Refuse{},
		Secure: func(*http.Request) bool { return true }, // API Gateway serves https only
	})
	lambda.Start(handler.HTTP(pages))
}

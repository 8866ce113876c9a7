# Every command of the project. `make` alone lists them.
#
# SAM calls the build-<LogicalId> targets with ARTIFACTS_DIR set; `make build`
# calls the same ones with folders of dist/.

SHELL := /usr/bin/env bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

ARTIFACTS_DIR ?= $(error set ARTIFACTS_DIR to the folder that receives the bootstrap, or use `make build`)
ARGS ?=
FUZZTIME ?= 2s

.PHONY: help
help: ## list the commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: ## run the whole product on this machine, with sandbox vendors unless configured (needs Go alone)
	@go run ./functions/local $(ARGS)

.PHONY: test
test: ## run everything that must pass; installs what it needs
	@FUZZTIME=$(FUZZTIME) tools/test.sh

.PHONY: check
check: tools ## check format, lint, vet, modules, template and known vulnerabilities
	@tools/check.sh

.PHONY: bench
bench: ## print benchmark tables, with ratios inside one run
	@tools/bench.sh $(ARGS)

.PHONY: e2e
e2e: ## drive the console in a real browser
	@tools/e2e.sh

.PHONY: screenshots
screenshots: ## make the pictures in docs/images
	@tools/screenshots.sh

.PHONY: fmt
fmt: tools ## format the Go code
	@bin/gofumpt -w functions pkg e2e/scenes e2e/world *.go
	@bin/goimports -w -local uniview-bridge functions pkg e2e/scenes e2e/world *.go

.PHONY: build
build: ## build the four Lambda binaries into dist/
	@$(MAKE) build-SyncFunction ARTIFACTS_DIR=dist/sync
	@$(MAKE) build-MatcherFunction ARTIFACTS_DIR=dist/matcher
	@$(MAKE) build-TicketsFunction ARTIFACTS_DIR=dist/tickets
	@$(MAKE) build-ApiFunction ARTIFACTS_DIR=dist/api
	@ls -l dist/*/bootstrap

.PHONY: deploy
deploy: ## build and deploy with the SAM command line (first time: make deploy ARGS=--guided)
	@command -v sam >/dev/null || { echo 'make deploy needs the AWS SAM command line (sam); see docs/deploy.md' >&2; exit 1; }
	sam build
	sam deploy $(ARGS)

# One static arm64 binary. Paths, build id, version control and C are kept out
# of it, so that the same sources give the same bytes. HTTP/2 is left out for the
# size: a function asks a handful of hosts, few requests at a time.
define bootstrap
	@mkdir -p "$(ARTIFACTS_DIR)"
	GOOS=linux GOARCH=arm64 CGO_ENABLED=0 go build -trimpath -buildvcs=false -tags lambda.norpc,nethttpomithttp2 -ldflags '-s -w -buildid=' \
		-o "$(ARTIFACTS_DIR)/bootstrap" ./functions/$(1)
endef

.PHONY: build-SyncFunction build-MatcherFunction build-TicketsFunction build-ApiFunction
build-SyncFunction:
	$(call bootstrap,sync)
build-MatcherFunction:
	$(call bootstrap,matcher)
build-TicketsFunction:
	$(call bootstrap,tickets)
build-ApiFunction:
	$(call bootstrap,api)

# The pinned tools, built from the module in tools/ (a few minutes the first time).
.PHONY: tools
tools: bin/.tools
bin/.tools: tools/go.mod tools/go.sum
	@echo 'building the development tools into bin/ (a few minutes the first time)'
	@mkdir -p bin
	@cd tools && GOBIN="$(CURDIR)/bin" go install tool
	@touch bin/.tools

#!/usr/bin/env bash
# Everything that must pass. Sections: what the tests need, unit part, long part
# (tests that testing.Short leaves out), fuzz smoke.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/python.sh

section() { printf '\n=== %s\n' "$*"; }

section 'what the tests need'
go version
if need_python; then
  python3 -c 'import moto; print("moto", moto.__version__)'
elif [ "${CI:-}" = true ]; then
  exit 1
else
  echo 'WARNING: tests against AWS stand-ins will be SKIPPED.' >&2
fi
echo 'building with the race detector (slow the first time)'
go build -race ./...

section 'unit part: every package, race detector on'
start=$SECONDS
# Race binaries wait a second before they end unless told otherwise.
export GORACE=atexit_sleep_ms=50
# Vetting is part of make check, and nobody debugs these binaries.
go test -race -short -count=1 -timeout 5m -vet=off -ldflags=-w ./...
echo "unit part: $((SECONDS - start)) s"

long=$(grep -rlE --include='*_test.go' 'testing\.Short\(\)|moto\.Start\(' . | xargs -r -n1 dirname | sort -u | grep -v '/ticketing/model$')
if [ -n "$long" ]; then
  section 'long part: the packages with tests that the unit part left out'
  start=$SECONDS
  # What is raced on 20 customers needs no race detector on 200. The model of tickets
  # lets one process run at a time, without locks, and has no use for it.
  full='^TestTheScenarioInFullSize$'
  # shellcheck disable=SC2086 # one word per package
  go test -race -count=1 -timeout 40m -vet=off -ldflags=-w -skip "$full" $long
  go test -count=1 -timeout 20m -vet=off -run "$full" ./functions
  model=$(mktemp)
  trap 'rm -f "$model"' EXIT
  if ! go test -count=1 -timeout 30m -vet=off -v ./pkg/ticketing/model -broken >"$model" 2>&1; then
    cat "$model"
    exit 1
  fi
  # What it lived through, and the broken bridges that it caught.
  sed -n 's/^ *[a-z]*_test.go:[0-9]*: \(covered\|caught\): /\1: /p' "$model"
  echo "long part: $((SECONDS - start)) s"
fi

section 'the template as a stack: what is proven where'
go test -count=1 -run '^TestTheTemplateAsAStack$' -v ./pkg/platform/aws | sed -n 's/^ *stack_test.go:[0-9]*: //p'

section "fuzz smoke: ${FUZZTIME:=2s} for each target"
tools/fuzz.sh "$FUZZTIME"

section 'all tests passed'

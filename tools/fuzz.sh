#!/usr/bin/env bash
# Runs every fuzz target for a while: tools/fuzz.sh 2s
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The fuzzer takes up to a minute to shorten every input that reaches new code, and with
# targets that serve whole requests does nothing else: a few tries are enough.
fuzz() { # package, target, time
  (cd "$1" && "$work/fuzz.test" -test.run '^$' -test.fuzz "^$2\$" -test.fuzztime "$3" -test.fuzzminimizetime 20x -test.fuzzcachedir "$work/corpus" 2>&1)
}

count=0
packages=$(grep -rlE --include='*_test.go' '^func Fuzz' . | xargs -r -n1 dirname | sort -u)
for package in $packages; do
  # One instrumented test binary for all targets of the package.
  go test -c -vet=off -fuzz=. -o "$work/fuzz.test" "$package"
  targets=$(cat "$package"/*_test.go | sed -nE 's/^func (Fuzz[A-Za-z0-9_]*)\(.*/\1/p' | sort)
  for target in $targets; do
    printf '%s %s: ' "$package" "$target"
    if ! output=$(fuzz "$package" "$target" "${1:-2s}"); then
      # On a busy machine the time may be over before the seeds are through, which
      # the fuzzer calls a failure; a number of executions has no such end.
      if grep -q 'context deadline exceeded' <<<"$output" && ! grep -q 'Failing input' <<<"$output"; then
        output=$(fuzz "$package" "$target" 100x) || { printf 'FAILED\n%s\n' "$output"; exit 1; }
      else
        printf 'FAILED\n%s\n' "$output"
        exit 1
      fi
    fi
    { grep -oE 'execs: [0-9]+' <<<"$output" || echo ok; } | tail -n 1
    count=$((count + 1))
  done
done
echo "$count fuzz targets"

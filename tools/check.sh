#!/usr/bin/env bash
# Format, lint, vet, modules, template, known vulnerabilities. Runs every check,
# then fails if any of them failed. The tools are those of tools/go.mod, in bin/.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
. tools/python.sh
export PATH="$PWD/bin:$PATH"

failed=()
check() {
  local name=$1
  shift
  printf '\n=== %s\n' "$name"
  if "$@"; then
    echo ok
  else
    failed+=("$name")
    echo "FAILED: $name"
  fi
}

sources() { find . -name '*.go' -not -path './bin/*' -not -path './.aws-sam/*'; }

formatted() { # formatter and its flags; prints the files that are not formatted
  local list
  list=$(sources | xargs "$@" -l) || return 1
  [ -z "$list" ] || { printf 'not formatted, run make fmt:\n%s\n' "$list"; return 1; }
}

# The benchmark program is a module of its own.
benchmark() { (cd tools/bench && go vet ./... && go mod tidy -diff); }

template() {
  need_python && cfn-lint -r us-east-1 -- template.yaml && python3 tools/translate.py >/dev/null
}

vulnerabilities() {
  local output status
  output=$(govulncheck ./... 2>&1)
  status=$?
  if [ $status -eq 1 ] && grep -qE 'fetching vulnerabilities|dial tcp|no such host|Forbidden|status code' <<<"$output"; then
    echo '!!! SKIPPED: the vulnerability database cannot be reached from here. Run make check where it can.'
    return 0
  fi
  printf '%s\n' "$output"
  return $status
}

check 'gofumpt' formatted gofumpt
check 'goimports' formatted goimports -local uniview-bridge
check 'go vet' go vet ./...
check 'golangci-lint' golangci-lint run ./...
check 'go mod verify' go mod verify
check 'go mod tidy' go mod tidy -diff
check 'the benchmark module' benchmark
check 'template: cfn-lint and translation' template
check 'govulncheck' vulnerabilities

if [ ${#failed[@]} -gt 0 ]; then
  printf '\nFAILED: %s\n' "${failed[@]}"
  exit 1
fi
printf '\n=== all checks passed\n'

#!/usr/bin/env bash
# Benchmarks of every package that has some, as tables. Times of one machine say
# little; the last column, the ratio to the first line of the same benchmark in
# the same run, says more. Never a pass or a fail. Arguments go to go test.
set -euo pipefail
cd "$(dirname "$0")/.."

export MATCH_DATA=${MATCH_DATA:-$PWD/../shared/match}
packages=$(grep -rlE --include='*_test.go' '^func Benchmark' . | xargs -r -n1 dirname | sort -u)
if [ -z "$packages" ]; then
  echo 'no package has a benchmark'
fi
for package in $packages; do
  printf '\n=== %s\n' "$package"
  go test -run '^$' -bench . -benchmem "$@" "$package" | awk '
    /^Benchmark/ {
      group = $1
      sub(/-[0-9]+$/, "", group)
      name = group
      sub(/\/.*/, "", group)
      if (!(group in first)) first[group] = $3
      rest = ""
      for (i = 5; i <= NF; i++) rest = rest " " $i
      printf "%-52s %14s ns/op  x%-8.2f%s\n", name, $3, (first[group] ? $3 / first[group] : 0), rest
      next
    }
    { print }'
done

# How well names are matched, and how fast beside public libraries, which live in a
# module of their own.
printf '\n=== matching\n'
root=$PWD
(cd tools/bench && go run . -root "$root")

#!/usr/bin/env bash
# Runs all tests and says how much of the sources they execute, even where one of them fails, which the exit
# status tells. More words go to swift test.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

need_swift
folder=$(swift build --scratch-path .build/coverage --show-bin-path)
counts=.build/coverage/counts
rm -rf "$counts"
mkdir -p "$counts"
status=0

# Each run forgets what the one before it has counted, so that is put aside.
count() {
  rm -rf "$folder/codecov"
  swift test --enable-code-coverage --scratch-path .build/coverage "$@" || status=$?
  local part
  part=$(mktemp -d "$counts/XXXXXX")
  find "$folder/codecov" -name '*.profraw' -exec mv -t "$part" {} + 2>/dev/null || true
}

# In two parts, as make test does.
if [ $# != 0 ]; then
  count "$@"
else
  count --filter '^ProxyCoreTests\.'
  count --skip '^ProxyCoreTests\.'
fi

list=$counts/list
find "$counts" -name '*.profraw' >"$list"
[ -s "$list" ] || fail "no test has run: exit status $status"
tools=$(dirname "$(realpath "$(command -v swift)")")
# What was ended in the middle of writing is left out.
"$tools/llvm-profdata" merge --sparse --failure-mode=all -f "$list" -o "$counts/all.profdata"
# The program that end-to-end tests start counts as well.
"$tools/llvm-cov" report "$folder/proxydPackageTests.xctest" -object "$folder/proxyd" \
  -instr-profile "$counts/all.profdata" -ignore-filename-regex '/(Tests|bench|\.build)/' \
  >.build/coverage/report.txt
# Of a file's line the eighth column is how many lines it has, the ninth how many of them nothing has executed.
awk '
  function row(name, all, missed) {
    return sprintf("%-12s %6d lines %7.2f %%", name, all, 100 * (all - missed) / (all ? all : 1))
  }
  $1 ~ /\.swift$/ {
    name = $1
    sub(/.*Sources\//, "", name)
    sub(/\/.*/, "", name)
    lines[name] += $8; missed[name] += $9; lines["all"] += $8; missed["all"] += $9
  }
  END { for (name in lines) print row(name, lines[name], missed[name]) }' .build/coverage/report.txt |
  sort
say "by file: .build/coverage/report.txt"
if [ "$status" != 0 ]; then say "not all tests have passed"; fi
exit "$status"

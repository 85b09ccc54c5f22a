#!/usr/bin/env bash
# Runs all tests and says how much of the sources they execute, even where one of them fails, which the exit
# status tells. More words go to swift test.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

need_swift
folder=$(swift build --scratch-path .build/coverage --show-bin-path)
rm -rf "$folder/codecov"
status=0
swift test --enable-code-coverage --scratch-path .build/coverage "$@" || status=$?

# Without failures they have been put together already.
counts=("$folder"/codecov/*.profraw)
[ -e "${counts[0]}" ] || fail "no test has run: exit status $status"
tools=$(dirname "$(realpath "$(command -v swift)")")
profile=$folder/codecov/default.profdata
# What was ended in the middle of writing is left out.
"$tools/llvm-profdata" merge --sparse --failure-mode=all -o "$profile" "${counts[@]}"
# The program that end-to-end tests start counts as well.
"$tools/llvm-cov" report "$folder/proxydPackageTests.xctest" -object "$folder/proxyd" \
  -instr-profile "$profile" -ignore-filename-regex '/(Tests|bench|\.build)/' >.build/coverage/report.txt
sed -n '1p;$p' .build/coverage/report.txt
say "by file: .build/coverage/report.txt"
if [ "$status" != 0 ]; then say "not all tests have passed"; fi
exit "$status"

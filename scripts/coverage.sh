#!/usr/bin/env bash
# Runs all tests and says how much of the sources they execute. More words go to swift test.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

need_swift
swift test --enable-code-coverage --scratch-path .build/coverage "$@"
tools=$(dirname "$(realpath "$(command -v swift)")")
folder=$(swift build --scratch-path .build/coverage --show-bin-path)
profile=$folder/codecov/default.profdata
# The program that end-to-end tests start counts as well.
"$tools/llvm-cov" report "$folder/proxydPackageTests.xctest" -object "$folder/proxyd" \
  -instr-profile "$profile" -ignore-filename-regex '/(Tests|bench|\.build)/' |
  tee .build/coverage/report.txt | sed -n '1p;$p'
say "by file: .build/coverage/report.txt"

#!/usr/bin/env bash
# Runs tests that are built: a line a suite, and where one fails all that is known of it. What they print as a whole is in
# .build/tests.log.
set -uo pipefail
cd "$(dirname "$0")/.."

log=.build/tests.log
# shellcheck disable=SC2086 # there may be several flags
swift test --skip-build ${SWIFT_FLAGS:-} "$@" 2>&1 | tee "$log" |
  grep --line-buffered -aE '^(✔|✘) Suite|recorded an issue|^✘|Test run with|^skipped|: skipped|error:'
status=${PIPESTATUS[0]}
if [ "$status" != 0 ]; then
  printf '\nfailed; seeds, and the end of what was printed (all of it is in %s):\n' "$log"
  grep -aE 'SEED=|Fatal error|signal code' "$log" | sort -u | tail -60
  tail -40 "$log"
fi
exit "$status"

#!/usr/bin/env bash
# Builds proxyd as it is shipped: with all of Swift in it, so that it needs nothing but the C library. The
# program is .build/static/release/proxyd.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

need_swift
scratch=$PWD/.build/static
# A folder in which the linker finds the archive of the C++ library that Swift's runtime uses, and not the
# shared one: it would be a tenth of an idle proxyd's memory.
mkdir -p "$scratch/archives"
for compiler in clang gcc cc; do
  archive=$("$compiler" -print-file-name=libstdc++.a 2>/dev/null) || continue
  if [ -f "$archive" ]; then
    ln -sf "$(realpath "$archive")" "$scratch/archives/libstdc++.a"
    break
  fi
done
# shellcheck disable=SC2086 # several words
swift build -c release --static-swift-stdlib --scratch-path "$scratch" --product proxyd \
  -Xlinker "-L$scratch/archives" ${SWIFT_FLAGS:-}

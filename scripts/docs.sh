#!/usr/bin/env bash
# Builds the documentation of ProxyCore for DocC, with the toolchain's own docc: into .build/docs/ProxyCore.doccarchive,
# where `docc preview` or any web server finds it. A warning is an error.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

need_swift
swift=$(readlink -f "$(command -v swift)")
docc=$(dirname "$swift")/docc
[ -x "$docc" ] || docc=$(command -v docc) || fail "this toolchain has no docc"

symbols=$PWD/.build/docs/symbols
archive=.build/docs/ProxyCore.doccarchive
mkdir -p "$symbols"
# In a folder of its own: other flags than those of other builds would have all of them build again.
swift build --target ProxyCore --scratch-path .build/docs \
  -Xswiftc -emit-symbol-graph -Xswiftc -emit-symbol-graph-dir -Xswiftc "$symbols"
rm -rf "$archive"
"$docc" convert Sources/ProxyCore/ProxyCore.docc --additional-symbol-graph-dir "$symbols" \
  --fallback-display-name ProxyCore --fallback-bundle-identifier proxyd.ProxyCore \
  --warnings-as-errors --output-path "$archive"
say "the documentation is in $archive"

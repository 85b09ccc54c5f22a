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
# All modules optimized as one spare a request an eighth of its instructions, and take the linker 6 GB of memory. LTO
# says whether: yes, no, or auto, if there is so much.
lto=${LTO:-auto}
if [ "$lto" = auto ]; then
  kilobytes=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo)
  limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null || true)
  if [[ $limit =~ ^[0-9]+$ ]] && [ $((limit / 1024)) -lt "$kilobytes" ]; then kilobytes=$((limit / 1024)); fi
  lto=yes
  if [ "$kilobytes" -lt 7000000 ]; then
    lto=no
    say "less than 7 GB of memory are free: each module is optimized by itself, and a request takes more of the processor"
  fi
fi
together=
if [ "$lto" = yes ]; then together=--experimental-lto-mode=full; fi
# shellcheck disable=SC2086 # several words
swift build -c release --static-swift-stdlib --scratch-path "$scratch" --product proxyd \
  -Xlinker "-L$scratch/archives" $together ${SWIFT_FLAGS:-}

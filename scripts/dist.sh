#!/usr/bin/env bash
# Packs what build-static.sh has built with its configuration, units and manual into
# .build/proxyd-VERSION-linux-ARCHITECTURE.tar.gz, and tries it as a machine without Swift would.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

program=.build/static/release/proxyd
[ -x "$program" ] || fail "scripts/build-static.sh comes first"
version=$("$program" --version | sed 's/^proxyd //')
name=proxyd-$version-linux-$(uname -m)
stage=.build/dist/$name
rm -rf .build/dist
DESTDIR=$PWD/$stage PREFIX= RUNNING_PREFIX=/usr/local SYSCONFDIR=/etc PROGRAM=$program STRIP=yes scripts/install.sh install
install -m 644 README.md LICENSE CHANGELOG.md "$stage/"
cp -R docs "$stage/docs"

# Nothing of Swift's may be needed, and it must run where there is none.
needed=$(ldd "$stage/bin/proxyd")
if grep -qi 'swift\|foundation\|dispatch\|not found' <<<"$needed"; then
  fail "the program needs libraries that other machines do not have:"$'\n'"$needed"
fi
env -i PATH=/usr/bin:/bin "$stage/bin/proxyd" --check --config "$stage/etc/proxyd/proxyd.env" >/dev/null

# The same input gives the same bytes.
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$epoch" -C .build/dist -cf - "$name" |
  gzip -9n >".build/$name.tar.gz"
say ".build/$name.tar.gz: $(stat -c %s ".build/$name.tar.gz") bytes"

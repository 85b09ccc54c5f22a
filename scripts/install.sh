#!/usr/bin/env bash
# install.sh install|uninstall: puts the program, its manual, its units and its settings where they belong, or
# takes them away. DESTDIR goes before all paths; PREFIX is /usr/local and SYSCONFDIR /etc unless they say
# otherwise. Settings that are there already, or were changed, stay as they are.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

root=${DESTDIR-}
prefix=${PREFIX-/usr/local}
settings=${SYSCONFDIR-/etc}/proxyd/proxyd.env
program=${PROGRAM-.build/static/release/proxyd}
units=$prefix/lib/systemd/system
# What Prometheus and Grafana are given.
shared=$prefix/share/proxyd
# What the unit calls the place of the program, where that is not yet where it is put.
running=${RUNNING_PREFIX-$prefix}

put() {
  install -d "$root$prefix/bin" "$root$prefix/share/man/man8" "$root$units" "$root$shared"
  install -d "$root${settings%/*}"
  install -m 755 ${STRIP:+-s} "$program" "$root$prefix/bin/proxyd"
  install -m 644 config/proxyd.8 "$root$prefix/share/man/man8/proxyd.8"
  install -m 644 config/proxyd-http.socket config/proxyd-resp.socket "$root$units/"
  sed -e "s|@BIN@|$running/bin|g" -e "s|@SETTINGS@|${settings%/*}|g" config/proxyd.service.in \
    >"$root$units/proxyd.service"
  chmod 644 "$root$units/proxyd.service"
  install -m 644 config/proxyd-alerts.yml config/proxyd-dashboard.json "$root$shared/"
  # All users may read it: passwords belong into secrets.env beside it, which systemd reads as root.
  if [ ! -e "$root$settings" ]; then install -m 644 config/proxyd.env "$root$settings"; fi
}

take() {
  rm -f "$root$prefix/bin/proxyd" "$root$prefix/share/man/man8/proxyd.8" \
    "$root$units/proxyd.service" "$root$units/proxyd-http.socket" "$root$units/proxyd-resp.socket" \
    "$root$shared/proxyd-alerts.yml" "$root$shared/proxyd-dashboard.json"
  if [ -d "$root$shared" ]; then rmdir --ignore-fail-on-non-empty "$root$shared"; fi
  if cmp -s config/proxyd.env "$root$settings"; then
    rm -f "$root$settings"
    rmdir --ignore-fail-on-non-empty "$root${settings%/*}"
  elif [ -e "$root$settings" ]; then
    say "$root$settings was changed and stays"
  fi
}

case ${1:-} in
  install)
    [ -x "$program" ] || fail "there is no $program: make static"
    put
    ;;
  uninstall) take ;;
  *) fail "usage: $0 install|uninstall" ;;
esac

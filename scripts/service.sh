#!/usr/bin/env bash
# proxyd in the background: service.sh start|stop|restart|status. What it writes goes into RUN_DIR, or .run.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

directory=${RUN_DIR:-.run}
mkdir -p "$directory"
export PID_FILE=$directory/proxyd.pid
log=$directory/proxyd.log

# The number of its process, if it runs; a number left over from another time may be another process's.
running() {
  local pid
  pid=$(cat "$PID_FILE" 2>/dev/null) || return 1
  [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = proxyd ] && printf '%s' "$pid"
}

start() {
  local pid
  if pid=$(running); then fail "proxyd runs already, as process $pid: make stop"; fi
  rm -f "$PID_FILE"
  build_proxyd
  PROXYD=$program setsid scripts/run.sh >"$log" 2>&1 </dev/null &
  local starter=$!
  until grep -q '^Try' "$log" && pid=$(running); do
    kill -0 "$starter" 2>/dev/null || fail "proxyd does not start:"$'\n'"$(cat "$log")"
    sleep 0.05
  done
  sed -n '/^Try/,$p' "$log" >&2
  say "proxyd runs as process $pid; its log is $log, and make stop ends it"
}

stop() {
  local pid
  if ! pid=$(running); then
    say "proxyd does not run"
    return
  fi
  kill -TERM "$pid"
  # It finishes what it has begun, for DRAIN_TIMEOUT at most.
  while [ -e "/proc/$pid" ]; do sleep 0.05; done
  # Then its starter ends what was started with it, and removes the file.
  for _ in $(seq 100); do
    if [ ! -e "$PID_FILE" ]; then break; fi
    sleep 0.05
  done
  rm -f "$PID_FILE"
  say "proxyd has ended"
}

case ${1:-} in
  start) start ;;
  stop) stop ;;
  restart)
    stop
    start
    ;;
  status)
    if pid=$(running); then say "proxyd runs as process $pid"; else fail "proxyd does not run"; fi
    ;;
  *) fail "usage: $0 start|stop|restart|status" ;;
esac

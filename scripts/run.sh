#!/usr/bin/env bash
# Builds proxyd and runs it until it is told to end. Where REDIS_URL says nothing and no server listens on its
# default place, a redis-server without persistence is started for it, which ends with it.
#
# With PID_FILE, the number of proxyd's process is written there while it runs.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

build_proxyd
read_settings

redis=
directory=
proxyd=
finish() {
  if [ -n "${PID_FILE:-}" ]; then rm -f "$PID_FILE"; fi
  if [ -n "$redis" ]; then
    kill "$redis" 2>/dev/null || true
    wait "$redis" 2>/dev/null || true
  fi
  if [ -n "$directory" ]; then rm -rf "$directory"; fi
}
trap finish EXIT

# Processes of their own sessions hear nothing from the terminal: signals are passed on here, so that
# Redis is still there while proxyd finishes, and so that one signal does not arrive as two. Should this
# shell be killed, the kernel ends them.
apart=(setsid)
if setpriv --pdeathsig TERM true 2>/dev/null; then apart+=(setpriv --pdeathsig TERM); fi

start_redis() {
  need_redis
  local port=16379
  while answers 127.0.0.1 "$port"; do port=$((port + 1)); done
  directory=$(mktemp -d)
  "${apart[@]}" redis-server --bind 127.0.0.1 --port "$port" --dir "$directory" --save '' \
    --appendonly no >"$directory/log" 2>&1 &
  redis=$!
  until answers 127.0.0.1 "$port"; do
    kill -0 "$redis" 2>/dev/null || fail "redis-server does not start: $(tail -n 3 "$directory/log")"
    sleep 0.05
  done
  export REDIS_URL=redis://127.0.0.1:$port
  say "a redis-server without persistence runs on port $port, and ends with proxyd"
}

if [ "$(setting REDIS_URL)" = redis://127.0.0.1:6379/0 ] && ! answers 127.0.0.1 6379; then
  start_redis
fi

"${apart[@]}" "$program" &
proxyd=$!
if [ -n "${PID_FILE:-}" ]; then printf '%s\n' "$proxyd" >"$PID_FILE"; fi
trap 'kill -INT "$proxyd" 2>/dev/null' INT
trap 'kill -TERM "$proxyd" 2>/dev/null' TERM HUP

front=RESP
if [ "$(setting RESP_PORT)" = 0 ]; then front=HTTP; fi
port=$(setting "${front}_PORT")
until listens "$proxyd" "$port" || ! kill -0 "$proxyd" 2>/dev/null; do sleep 0.02; done
if kill -0 "$proxyd" 2>/dev/null; then
  resp=$(setting RESP_PORT)
  hints="Try, in another terminal:"
  if [ "$resp" != 0 ]; then hints+=$'\n'"  redis-cli -p $resp set greeting hello"; fi
  if [ "$(setting HTTP_PORT)" != 0 ]; then hints+=$'\n'"  curl http://$(place HTTP)/greeting"; fi
  if [ "$(setting ADMIN_PORT)" != 0 ]; then hints+=$'\n'"  curl http://$(place ADMIN)/metrics"; fi
  say "$hints"
fi

# A signal ends the waiting, not what is waited for.
while kill -0 "$proxyd" 2>/dev/null; do wait "$proxyd" || true; done
status=0
wait "$proxyd" || status=$?
exit "$status"

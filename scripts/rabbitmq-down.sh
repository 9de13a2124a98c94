#!/usr/bin/env bash
# Stop the RabbitMQ that rabbitmq-up.sh started in a folder; harmless where none runs.
#
#   rabbitmq-down.sh <folder> [--purge]      --purge removes what rabbitmq-up.sh made there
set -euo pipefail

. "$(dirname "$0")/common.sh"
down_folder "$@"

if [ ! -e "$DIR/rabbitmq.conf" ]; then
  say "nothing in $DIR"
  exit 0
fi
# Only what is recognisably ours is stopped or removed.
[ -e "$DIR/password" ] || die "$DIR was not made by rabbitmq-up.sh"

ours() { # pid: it runs, and with this folder or as its port mapper
  [ -n "$1" ] && tr '\0' '\n' <"/proc/$1/environ" 2>/dev/null | grep -qx "HOME=$(cd "$DIR" && pwd -P)"
}
end() { # pid file
  local pid
  pid=$(cat "$1" 2>/dev/null || true)
  if ours "$pid"; then
    kill "$pid"
    for _ in $(seq 300); do
      kill -0 "$pid" 2>/dev/null || return 0
      sleep 0.1
    done
    die "process $pid in $DIR did not stop, log in $DIR/log"
  fi
  return 1
}
if end "$DIR/pid"; then say "stopped"; else say "not running"; fi
end "$DIR/epmd.pid" || true
rm -f "$DIR/pid" "$DIR/epmd.pid"
if [ -n "$PURGE" ]; then
  rm -rf "$DIR/data" "$DIR/log"
  rm -f "$DIR/password" "$DIR/port" "$DIR/rabbitmq.conf" "$DIR/enabled_plugins" "$DIR/start.log" "$DIR/up.lock" "$DIR/.erlang.cookie"
  rmdir "$DIR" 2>/dev/null || true
  say "removed $DIR"
fi

#!/usr/bin/env bash
# Start a private RabbitMQ on loopback for tests. A second call with the same folder reuses what runs there, or starts it on the port it had.
# The last line on stdout is the AMQP address with its password; everything else goes to stderr.
#
#   rabbitmq-up.sh <folder>
#
#   RABBITMQ_PORT       port on 127.0.0.1        (default: a free one, kept in <folder>/port; two more free ones are taken for Erlang)
#   RABBITMQ_RUN_USER   account used when root   (default rabbitmq)
#
# It is a plain process with its own data, log and Erlang port mapper; no service is installed or started.
set -euo pipefail

. "$(dirname "$0")/common.sh"
up_folder "$@"
RUN_USER=${RABBITMQ_RUN_USER:-rabbitmq}
SERVER=/usr/lib/rabbitmq/bin/rabbitmq-server

if [ ! -x "$SERVER" ]; then
  install rabbitmq-server
  [ -x "$SERVER" ] || die "$SERVER is missing after the installation of rabbitmq-server"
fi
enter RABBITMQ
alone

# ---- settings ----------------------------------------------------------------------
answers() { # greets as an AMQP client does and waits for the answer
  timeout 2 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "AMQP\0\0\11\1" >&3 && [ -n "$(head -c 1 <&3 | od -An -tx1)" ]' - "$1" 2>/dev/null
}

make_password "$DIR/password"
run test -r "$DIR/password" || die "$DIR was made for another account; run rabbitmq-down.sh $DIR --purge"
PORT=${RABBITMQ_PORT:-$(cat "$DIR/port" 2>/dev/null || free_port)} || die "no free port on 127.0.0.1"

# ---- server -----------------------------------------------------------------------
if [ -s "$DIR/pid" ] && run kill -0 "$(cat "$DIR/pid")" 2>/dev/null; then
  answers "$PORT" || die "the server in $DIR runs but does not answer, log in $DIR/log"
  say "already running on 127.0.0.1:$PORT"
else
  if busy "$PORT"; then die "port $PORT on 127.0.0.1 is in use by another process; set RABBITMQ_PORT"; fi
  # The name of the node is part of its data, so it must not change with the port.
  run tee "$DIR/rabbitmq.conf" >/dev/null <<CONF
listeners.tcp.1 = 127.0.0.1:$PORT
default_user = throughline
default_pass = $(cat "$DIR/password")
loopback_users.throughline = true
CONF
  run chmod 600 "$DIR/rabbitmq.conf"
  printf '[].\n' | run tee "$DIR/enabled_plugins" >/dev/null
  DIST=$(free_port) && EPMD=$(free_port) || die "no free port on 127.0.0.1"
  run env RABBITMQ_NODENAME=throughline@localhost RABBITMQ_MNESIA_BASE="$DIR/data" RABBITMQ_LOG_BASE="$DIR/log" \
    RABBITMQ_CONFIG_FILE="$DIR/rabbitmq" RABBITMQ_ENABLED_PLUGINS_FILE="$DIR/enabled_plugins" RABBITMQ_PID_FILE="$DIR/pid" \
    RABBITMQ_DIST_PORT="$DIST" ERL_EPMD_PORT="$EPMD" ERL_EPMD_ADDRESS=127.0.0.1 \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1}" \
    setsid "$SERVER" >"$DIR/start.log" 2>&1 </dev/null 9>&- &
  for _ in $(seq 300); do
    if [ -s "$DIR/pid" ] && answers "$PORT"; then break; fi
    sleep 0.2
  done
  answers "$PORT" || { tail -n 20 "$DIR/start.log" >&2; die "RabbitMQ did not start, logs in $DIR/start.log and $DIR/log"; }
  # Its port mapper stays behind when the server stops, so it is remembered for rabbitmq-down.sh.
  pgrep -u "$RUN_USER" -f "[e]pmd.*-daemon" | while read -r pid; do
    if tr '\0' '\n' <"/proc/$pid/environ" 2>/dev/null | grep -qx "ERL_EPMD_PORT=$EPMD"; then printf '%s\n' "$pid" >"$DIR/epmd.pid"; fi
  done
  say "started on 127.0.0.1:$PORT, data in $DIR/data"
fi
printf '%s\n' "$PORT" >"$DIR/port"
printf 'amqp://throughline:%s@127.0.0.1:%s\n' "$(cat "$DIR/password")" "$PORT"

#!/usr/bin/env bash
# Start a private PostgreSQL 15 on loopback for tests. A second call with the same folder reuses what runs there.
# The last line on stdout is the connection string; everything else goes to stderr.
#
#   postgres-up.sh <folder>
#
#   POSTGRES_PORT       port on 127.0.0.1        (default: a free one, kept in <folder>/port)
#   POSTGRES_RUN_USER   account used when root   (default nobody)
#
# Only the account that runs it can connect: by unix socket (trust) or on 127.0.0.1 with the password in <folder>/password.
# fsync stays on: what is measured and crashed here should behave as in production.
set -euo pipefail

. "$(dirname "$0")/common.sh"
up_folder "$@"
RUN_USER=${POSTGRES_RUN_USER:-nobody}
BIN=/usr/lib/postgresql/15/bin

if [ ! -x "$BIN/initdb" ]; then
  install postgresql-15
  [ -x "$BIN/initdb" ] || die "$BIN/initdb is missing after the installation of postgresql-15"
fi
enter POSTGRES
alone

# ---- data folder ------------------------------------------------------------------
DATA=$DIR/data
if [ ! -s "$DATA/PG_VERSION" ]; then
  rm -rf "$DATA"
  rm -f "$DIR/password"
  make_password "$DIR/password"
  run "$BIN/initdb" -D "$DATA" -U throughline --pwfile="$DIR/password" --auth-local=trust --auth-host=scram-sha-256 \
    -E UTF8 --locale=C.UTF-8 --no-sync >"$DIR/initdb.log" 2>&1 9>&- || { tail -n 20 "$DIR/initdb.log" >&2; die "initdb failed"; }
  run mkdir -p "$DATA/sock"; run chmod 700 "$DATA/sock"
  run tee -a "$DATA/postgresql.conf" >/dev/null <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = '$DATA/sock'
timezone = 'UTC'
log_timezone = 'UTC'
max_connections = 200
jit = off
CONF
fi
run test -r "$DIR/password" || die "$DIR was made for another account; run postgres-down.sh $DIR --purge"

# ---- server -----------------------------------------------------------------------
answers() { run "$BIN/psql" -h "$DATA/sock" -p "$1" -U throughline -d postgres -qAtXc 'select 1' >/dev/null 2>&1; }

PORT=
if run "$BIN/pg_ctl" -D "$DATA" status >/dev/null 2>&1; then
  PORT=$(sed -n 4p "$DATA/postmaster.pid")
  for _ in $(seq 100); do answers "$PORT" && break; sleep 0.1; done
  answers "$PORT" || die "the server in $DIR runs but does not answer, log in $DIR/postgres.log"
  say "already running on 127.0.0.1:$PORT"
else
  for _ in 1 2 3; do # between the look and the start somebody else may take the port
    PORT=${POSTGRES_PORT:-$(free_port)} || die "no free port on 127.0.0.1"
    if busy "$PORT"; then die "port $PORT on 127.0.0.1 is in use by another process; set POSTGRES_PORT"; fi
    if run "$BIN/pg_ctl" -D "$DATA" -w -t 60 -l "$DIR/postgres.log" -o "-p $PORT" start >/dev/null 2>&1 </dev/null 9>&-; then break; fi
    PORT=
    [ -z "${POSTGRES_PORT:-}" ] || break
  done
  [ -n "$PORT" ] || { tail -n 20 "$DIR/postgres.log" >&2; die "PostgreSQL did not start, log in $DIR/postgres.log"; }
  say "started on 127.0.0.1:$PORT, data in $DATA"
fi
printf '%s\n' "$PORT" >"$DIR/port"
printf 'Host=127.0.0.1;Port=%s;Username=throughline;Password=%s;Database=postgres\n' "$PORT" "$(cat "$DIR/password")"

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

say() { printf 'postgres-up: %s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

[ $# = 1 ] || die "usage: postgres-up.sh <folder>"
DIR=$1
case $DIR in /*) ;; *) DIR=$PWD/$DIR;; esac
RUN_USER=${POSTGRES_RUN_USER:-nobody}
BIN=/usr/lib/postgresql/15/bin

# ---- package ------------------------------------------------------------------
if [ ! -x "$BIN/initdb" ]; then
  [ "$(id -u)" = 0 ] || die "missing Debian package postgresql-15 (run once as root, or: apt-get install --no-install-recommends postgresql-15)"
  say "installing postgresql-15"
  log=$(mktemp)
  # The package must not start a server of its own.
  policy=/usr/sbin/policy-rc.d; made_policy=
  if [ ! -e "$policy" ]; then printf '#!/bin/sh\nexit 101\n' >"$policy"; chmod 755 "$policy"; made_policy=1; fi
  install() { DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql-15; }
  ok=1
  { install || { apt-get update && install; }; } >"$log" 2>&1 </dev/null || ok=
  [ -z "$made_policy" ] || rm -f "$policy"
  [ -n "$ok" ] || { tail -n 20 "$log" >&2; die "apt-get install failed, log in $log"; }
  rm -f "$log"
  [ -x "$BIN/initdb" ] || die "$BIN/initdb is missing after the installation of postgresql-15"
fi

# ---- account: PostgreSQL refuses to run as root ---------------------------------
if [ "$(id -u)" = 0 ]; then
  id "$RUN_USER" >/dev/null 2>&1 || die "no account '$RUN_USER' (set POSTGRES_RUN_USER)"
  [ "$(id -u "$RUN_USER")" != 0 ] || die "POSTGRES_RUN_USER must not be root"
  AS=(setpriv "--reuid=$RUN_USER" "--regid=$(id -g "$RUN_USER")" --clear-groups)
else
  RUN_USER=$(id -un); AS=()
fi
mkdir -p "$DIR"
DIR=$(cd "$DIR" && pwd -P)
if [ "$(id -u)" = 0 ]; then chown "$RUN_USER" "$DIR"; fi
run() { (cd "$DIR" && exec env -i PATH=/usr/bin:/bin LANG=C.UTF-8 TZ=UTC HOME="$DIR" "${AS[@]}" "$@"); }
run test -w "$DIR" || die "account '$RUN_USER' cannot write in $DIR; every parent folder needs o+x, or choose another folder"

exec 9>"$DIR/up.lock"
flock -w 120 9 || die "another postgres-up.sh has been at work in $DIR for two minutes"

# ---- data folder ------------------------------------------------------------------
DATA=$DIR/data
if [ ! -s "$DATA/PG_VERSION" ]; then
  rm -rf "$DATA"
  (umask 077; od -An -N12 -tx1 /dev/urandom | tr -d ' \n' >"$DIR/password")
  if [ "$(id -u)" = 0 ]; then chown "$RUN_USER" "$DIR/password"; fi
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
busy() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
free_port() {
  local port
  for _ in $(seq 50); do
    port=$((20000 + RANDOM % 12000))
    if ! busy "$port"; then printf '%s\n' "$port"; return 0; fi
  done
  return 1
}
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
    # The server must not inherit our lock, or the next call would wait for it.
    if run "$BIN/pg_ctl" -D "$DATA" -w -t 60 -l "$DIR/postgres.log" -o "-p $PORT" start >/dev/null 2>&1 </dev/null 9>&-; then break; fi
    PORT=
    [ -z "${POSTGRES_PORT:-}" ] || break
  done
  [ -n "$PORT" ] || { tail -n 20 "$DIR/postgres.log" >&2; die "PostgreSQL did not start, log in $DIR/postgres.log"; }
  say "started on 127.0.0.1:$PORT, data in $DATA"
fi
printf '%s\n' "$PORT" >"$DIR/port"
printf 'Host=127.0.0.1;Port=%s;Username=throughline;Password=%s;Database=postgres\n' "$PORT" "$(cat "$DIR/password")"

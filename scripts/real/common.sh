# What the scripts of both real servers share; sourced, not run. Theirs is one folder, $DIR, with the server and a PostgreSQL of its own in pgdata.
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

# ---- processes ---------------------------------------------------------------
ours() { # is the process alive and working in our folder?
  [ -n "$1" ] || return 1
  case $(readlink "/proc/$1/cwd" 2>/dev/null || true) in "$DIR"|"$DIR"/*) ;; *) return 1;; esac
}
pid_of() { cat "$DIR/$1.pid" 2>/dev/null || true; }
stop() { # name, pid, signal
  [ -n "$2" ] && [ -d "/proc/$2" ] || { say "$1 was not running"; return 0; }
  ours "$2" || { say "$1: process $2 is not ours, left alone"; return 0; }
  kill "-$3" "$2" 2>/dev/null || true
  for _ in $(seq 200); do ours "$2" || { say "$1 (pid $2) stopped"; return 0; }; sleep 0.1; done
  die "$1 (pid $2) did not stop within 20 s"
}
stop_server() { # name
  stop "$1" "$(pid_of "$1")" TERM
  rm -f "$DIR/$1.pid"
}
down() { # name of the server's pid file, a file that only our folder has, --purge or nothing
  local t; t=$(now)
  [ -d "$DIR" ] || { say "nothing at $DIR"; return 0; }
  DIR=$(cd "$DIR" && pwd -P)
  [ "$DIR" != / ] || die "refusing to work on /"
  stop_server "$1"
  # SIGINT is PostgreSQL's "fast" shutdown
  [ ! -d "$DIR/pgdata" ] || stop PostgreSQL "$(head -n 1 "$DIR/pgdata/postmaster.pid" 2>/dev/null || true)" INT
  if [ "${3:-}" = --purge ]; then
    [ -f "$DIR/$2" ] || [ -d "$DIR/pgdata" ] || [ -z "$(ls -A "$DIR")" ] || die "$DIR does not look like a folder of ours, not removed"
    rm -rf -- "$DIR"; say "removed $DIR"
  fi
  say "took $(secs "$t")"
}

# ---- database binaries -------------------------------------------------------
pg_bin() {
  local d
  for d in /usr/lib/postgresql/15/bin /usr/lib/postgresql/*/bin; do
    if [ -x "$d/initdb" ]; then printf '%s\n' "$d"; return 0; fi
  done
  return 1
}

# ---- folder and account -------------------------------------------------------
enter_real() { # prefix of the settings
  mkdir -p "$DIR"; chmod 755 "$DIR"
  enter "$1"
  if [ -f "$DIR/backend" ] && [ "$(cat "$DIR/backend")" != "$BACKEND" ]; then
    die "$DIR was made for backend $(cat "$DIR/backend"); run ${SELF%-up}-down.sh --purge or choose another $1_DIR"
  fi
}

# ---- database server -----------------------------------------------------------
start_postgres() { # role, prefix of the settings; sets BIN, PGDATA, PG_PORT; then sql and has_db can be used
  local t state= up= given
  PG_ROLE=$1
  BIN=$(pg_bin) || die "no PostgreSQL binaries under /usr/lib/postgresql"
  PGDATA=$DIR/pgdata
  t=$(now)
  if [ ! -s "$PGDATA/PG_VERSION" ]; then
    rm -rf "$PGDATA"
    make_password "$DIR/pg.pass"
    run "$BIN/initdb" -D "$PGDATA" -U "$PG_ROLE" --pwfile="$DIR/pg.pass" --auth-local=trust \
      --auth-host=scram-sha-256 -E UTF8 --locale=C.UTF-8 --no-sync >"$DIR/initdb.log" 2>&1 \
      || { tail -n 20 "$DIR/initdb.log" >&2; die "initdb failed"; }
    run mkdir -p "$PGDATA/sock"; run chmod 700 "$PGDATA/sock"
    run tee -a "$PGDATA/postgresql.conf" >/dev/null <<EOF
listen_addresses = '127.0.0.1'
unix_socket_directories = '$PGDATA/sock'
timezone = 'UTC'
log_timezone = 'UTC'
fsync = off
full_page_writes = off
max_connections = 100
jit = off
autovacuum_naptime = 1s
EOF
    state="created and "
  fi
  for _ in $(seq 100); do # a server that was just killed may still be on its way out
    run "$BIN/pg_ctl" -D "$PGDATA" status >/dev/null 2>&1 || break
    given=$PG_PORT; PG_PORT=$(sed -n 4p "$PGDATA/postmaster.pid" 2>/dev/null || true); PG_PORT=${PG_PORT:-$given}
    if sql 'select 1' >/dev/null 2>&1; then up=1; break; fi
    PG_PORT=$given; sleep 0.1
  done
  if [ -z "$up" ]; then
    busy "$PG_PORT" && die "port $PG_PORT on 127.0.0.1 is in use by another process; set $2_PG_PORT"
    run "$BIN/pg_ctl" -D "$PGDATA" -w -t 60 -l "$DIR/postgres.log" -o "-p $PG_PORT" start >/dev/null 2>&1 </dev/null \
      || { tail -n 20 "$DIR/postgres.log" >&2; die "PostgreSQL did not start, log in $DIR/postgres.log"; }
    say "PostgreSQL ${state}started on 127.0.0.1:$PG_PORT in $(secs "$t")"
  fi
}
sql() { run env PGOPTIONS='-c client_min_messages=warning' "$BIN/psql" -h "$PGDATA/sock" -p "$PG_PORT" -U "$PG_ROLE" -d postgres -qAtX -v ON_ERROR_STOP=1 -c "$1"; }
has_db() { [ "$(sql "select count(*) from pg_database where datname='$1'")" = 1 ]; }

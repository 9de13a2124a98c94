#!/usr/bin/env bash
# Stop the PostgreSQL that postgres-up.sh started in a folder; harmless where none runs.
#
#   postgres-down.sh <folder> [--purge]      --purge removes what postgres-up.sh made there
set -euo pipefail

. "$(dirname "$0")/common.sh"
down_folder "$@"
DATA=$DIR/data
BIN=/usr/lib/postgresql/15/bin

if [ ! -d "$DATA" ]; then
  say "nothing in $DIR"
  exit 0
fi
# Only what is recognisably ours is stopped or removed.
[ -s "$DATA/PG_VERSION" ] && [ -e "$DIR/password" ] || die "$DIR was not made by postgres-up.sh"

AS=()
if [ "$(id -u)" = 0 ]; then
  owner=$(stat -c %u "$DATA"); group=$(stat -c %g "$DATA")
  AS=(setpriv "--reuid=$owner" "--regid=$group" --clear-groups)
fi
run() { (cd "$DIR" && exec env -i PATH=/usr/bin:/bin LANG=C.UTF-8 HOME="$DIR" "${AS[@]}" "$@"); }

if run "$BIN/pg_ctl" -D "$DATA" status >/dev/null 2>&1; then
  run "$BIN/pg_ctl" -D "$DATA" -m fast -w -t 60 stop >/dev/null || die "the server in $DIR did not stop, log in $DIR/postgres.log"
  say "stopped"
else
  say "not running"
fi
if [ -n "$PURGE" ]; then
  rm -rf "$DATA"
  rm -f "$DIR/password" "$DIR/port" "$DIR/initdb.log" "$DIR/postgres.log" "$DIR/up.lock"
  rmdir "$DIR" 2>/dev/null || true
  say "removed $DIR"
fi

#!/usr/bin/env bash
# Start the real Redmine and the real Tryton on loopback, seeded, and say how the hub reaches them.
# The last lines on stdout are the variables that landscapes/real and the end-to-end tests read:
#
#   eval "$(scripts/real/up.sh <folder>)"        # start (or reuse) and export
#   scripts/real/down.sh <folder> [--purge]      # stop
#
# <folder> holds all data; every parent folder must let other accounts through (o+x), since the servers do not run as root.
set -euo pipefail

[ $# = 1 ] || { echo "usage: up.sh <folder>" >&2; exit 2; }
HERE=$(cd "$(dirname "$0")" && pwd -P)
mkdir -p "$1"; chmod 755 "$1"
DIR=$(cd "$1" && pwd -P)

. "$HERE/common.sh"
port() { # kept in a file, so that a second call finds what runs
  local file=$DIR/$1.port p
  if [ ! -s "$file" ]; then
    for _ in $(seq 100); do p=$((20000 + RANDOM % 20000)); busy "$p" || break; done
    echo "$p" >"$file"
  fi
  cat "$file"
}

export TRYTON_DIR=$DIR/tryton TRYTON_PORT TRYTON_PG_PORT REDMINE_DIR=$DIR/redmine REDMINE_PORT REDMINE_PG_PORT
TRYTON_PORT=$(port tryton) TRYTON_PG_PORT=$(port tryton-pg) REDMINE_PORT=$(port redmine) REDMINE_PG_PORT=$(port redmine-pg)

# One after the other: both may install packages, and the package manager has one lock.
for system in tryton redmine; do
  "$HERE/$system-up.sh" >&2
  env_file=$DIR/$system/$system.env
  TRYTON_ENV=$env_file REDMINE_ENV=$env_file python3 "$HERE/$system-seed.py" seed >&2
done

. "$DIR/redmine/redmine.env"
cat <<EOF
export THROUGHLINE_TRYTON_URL=http://127.0.0.1:$TRYTON_PORT
export THROUGHLINE_TRYTON_DATABASE=tryton
export THROUGHLINE_TRYTON_USER=hub
export THROUGHLINE_TRYTON_PASSWORD=hub-password-1
export THROUGHLINE_REDMINE_URL=http://127.0.0.1:$REDMINE_PORT
export THROUGHLINE_REDMINE_KEY=$REDMINE_API_KEY
EOF

#!/usr/bin/env bash
# Stop what up.sh started in <folder>; --purge also removes the data.
set -euo pipefail
[ $# -ge 1 ] || { echo "usage: down.sh <folder> [--purge]" >&2; exit 2; }
HERE=$(cd "$(dirname "$0")" && pwd -P)
DIR=$1; shift
TRYTON_DIR=$DIR/tryton "$HERE/tryton-down.sh" "$@" >&2 || true
REDMINE_DIR=$DIR/redmine "$HERE/redmine-down.sh" "$@" >&2 || true

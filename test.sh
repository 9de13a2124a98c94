#!/usr/bin/env bash
# Run every test, from a machine that has only the .NET 10 SDK. Installs the Debian packages that the tests need when run as root
# (otherwise says which are missing), starts PostgreSQL, RabbitMQ, Tryton and Redmine on loopback with data folders of their own, and cleans up.
#
#   ./test.sh              everything that CI runs
#   ./test.sh --long       the long campaigns too: an hour of chaos, whose report is written to docs/proof/chaos.md, and more kills
#   ./test.sh --fast       without the real servers and the kill campaign: the unit, store, connector and process tests and the simulation
#
#   THROUGHLINE_SIM_SEEDS  how many seeds the simulation runs (500; 5,000 with --long), THROUGHLINE_SIM_FROM the first (see docs/simulation.md)
#   THROUGHLINE_TEST_SEED  order of the tests (printed; random by default)
#   THROUGHLINE_TEST_DIR   where servers keep their data (default: a fresh folder below TMPDIR, removed at the end)
set -euo pipefail
cd "$(dirname "$0")"

LONG= FAST=
for a in "$@"; do case $a in --long) LONG=1;; --fast) FAST=1;; *) echo "usage: ./test.sh [--long|--fast]" >&2; exit 2;; esac; done

say() { printf '\n== %s (%ss)\n' "$*" "$SECONDS"; }
command -v dotnet >/dev/null || { echo "test.sh: the .NET 10 SDK is needed: 'dotnet' was not found on the PATH" >&2; exit 2; }

packages=
command -v node >/dev/null && command -v npm >/dev/null || packages="$packages nodejs npm"
command -v python3 >/dev/null || packages="$packages python3"
command -v curl >/dev/null || packages="$packages curl"
[ -n "$FAST" ] || command -v chromium >/dev/null || packages="$packages chromium"
if [ -n "$packages" ]; then
  [ "$(id -u)" = 0 ] || { echo "test.sh: missing Debian packages:$packages (run once as root, or: apt-get install --no-install-recommends$packages)" >&2; exit 2; }
  say "installing$packages"
  log=$(mktemp)
  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages; } >"$log" 2>&1 </dev/null \
    || { tail -n 20 "$log" >&2; exit 1; }
  rm -f "$log"
fi

DIR=${THROUGHLINE_TEST_DIR:-$(mktemp -d "${TMPDIR:-/tmp}/throughline-test.XXXXXX")}
mkdir -p "$DIR"; chmod 755 "$DIR"
finish() {
  scripts/postgres-down.sh "$DIR/postgres" >/dev/null 2>&1 || true
  scripts/rabbitmq-down.sh "$DIR/rabbitmq" >/dev/null 2>&1 || true
  [ -n "$FAST" ] || scripts/real/down.sh "$DIR/real" >/dev/null 2>&1 || true
  [ -n "${THROUGHLINE_TEST_DIR:-}" ] || rm -rf "$DIR"
}
trap finish EXIT

export THROUGHLINE_TEST_SEED=${THROUGHLINE_TEST_SEED:-$((RANDOM * 32768 + RANDOM))}
[ -z "$LONG" ] || export THROUGHLINE_TEST_LONG=1

say "starting PostgreSQL"
THROUGHLINE_POSTGRES=$(scripts/postgres-up.sh "$DIR/postgres" | tail -n 1)
export THROUGHLINE_POSTGRES
say "starting RabbitMQ"
THROUGHLINE_RABBITMQ=$(scripts/rabbitmq-up.sh "$DIR/rabbitmq" | tail -n 1)
export THROUGHLINE_RABBITMQ
if [ -z "$FAST" ]; then
  say "starting Tryton and Redmine (their first start installs packages and makes databases)"
  (scripts/real/up.sh "$DIR/real" >"$DIR/real.env" 2>"$DIR/real.log"; echo $? >"$DIR/real.rc") &
  servers=$!
fi

say "building"
dotnet build Throughline.slnx -v q --nologo

passed=0 failed=0 skipped=0
run() { # project
  local out=$DIR/$1.log rc=0
  say "testing $1, order by seed $THROUGHLINE_TEST_SEED"
  "artifacts/bin/$1/debug/$1" -noColor >"$out" 2>&1 || rc=$?
  grep -vE '\[SKIP\]|^Ok, passed' "$out" | tail -n 400
  local total errors failures skips
  read -r total errors failures skips < <(sed -nE 's/.*Total: ([0-9]+), Errors: ([0-9]+), Failed: ([0-9]+), Skipped: ([0-9]+).*/\1 \2 \3 \4/p' "$out" | tail -n 1) || true
  if [ -z "${total:-}" ]; then echo "$1 ended without a summary (exit code $rc)"; failed=$((failed + 1)); return; fi
  failures=$((failures + errors))
  [ "$rc" = 0 ] || [ "$failures" -gt 0 ] || failures=1
  passed=$((passed + total - failures - skips)); failed=$((failed + failures)); skipped=$((skipped + skips))
}

run Throughline.Tests
run Throughline.Simulation
if [ -z "$FAST" ]; then
  say "waiting for Tryton and Redmine"
  wait "$servers" || true
  [ "$(cat "$DIR/real.rc" 2>/dev/null)" = 0 ] || { tail -n 40 "$DIR/real.log" >&2; echo "test.sh: the real servers did not start" >&2; exit 1; }
  . "$DIR/real.env"
  run Throughline.EndToEnd
fi

say "done, seed $THROUGHLINE_TEST_SEED"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]

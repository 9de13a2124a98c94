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
fi

DIR=${THROUGHLINE_TEST_DIR:-$(mktemp -d "${TMPDIR:-/tmp}/throughline-test.XXXXXX")}
mkdir -p "$DIR"; chmod 755 "$DIR"
simulation=
finish() {
  [ -z "$simulation" ] || kill "$simulation" 2>/dev/null || true
  # What still installs or starts something comes to its end first: a package must not stay half installed, nor a server be left behind.
  wait || true
  scripts/postgres-down.sh "$DIR/postgres" >/dev/null 2>&1 || true
  scripts/rabbitmq-down.sh "$DIR/rabbitmq" >/dev/null 2>&1 || true
  [ -n "$FAST" ] || scripts/real/down.sh "$DIR/real" >/dev/null 2>&1 || true
  [ -n "${THROUGHLINE_TEST_DIR:-}" ] || rm -rf "$DIR"
}
trap finish EXIT

export THROUGHLINE_TEST_SEED=${THROUGHLINE_TEST_SEED:-$((RANDOM * 32768 + RANDOM))}
[ -z "$LONG" ] || export THROUGHLINE_TEST_LONG=1
# Hubs and tests live for seconds here: to watch which code is hot costs more than it brings.
export DOTNET_TieredPGO=0

# The servers start while the sources are built: one waits for disks and networks, the other for processors. One after the other, since the package manager
# has one lock.
start_stores() {
  set -e
  if [ -n "$packages" ]; then
    apt-get update; DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages
  fi
  scripts/postgres-up.sh "$DIR/postgres" | tail -n 1 >"$DIR/postgres.address"
  scripts/rabbitmq-up.sh "$DIR/rabbitmq" | tail -n 1 >"$DIR/rabbitmq.address"
}
start_real() { # after the stores
  tail --pid="$1" -f /dev/null
  [ -s "$DIR/rabbitmq.address" ] && scripts/real/up.sh "$DIR/real" >"$DIR/real.env"
}

say "starting PostgreSQL and RabbitMQ${packages:+, after installing$packages}, beside the build"
rm -f "$DIR"/*.address
start_stores >"$DIR/stores.log" 2>&1 </dev/null &
stores=$!
if [ -z "$FAST" ]; then
  say "starting Tryton and Redmine, beside build and tests (their first start installs packages and makes databases)"
  start_real "$stores" 2>"$DIR/real.log" </dev/null &
  real=$!
fi

say "building"
dotnet build Throughline.slnx -v q --nologo

say "waiting for PostgreSQL and RabbitMQ"
wait "$stores" || { tail -n 40 "$DIR/stores.log" >&2; echo "test.sh: PostgreSQL and RabbitMQ did not start" >&2; exit 1; }
THROUGHLINE_POSTGRES=$(cat "$DIR/postgres.address")
THROUGHLINE_RABBITMQ=$(cat "$DIR/rabbitmq.address")
export THROUGHLINE_POSTGRES THROUGHLINE_RABBITMQ

passed=0 failed=0 skipped=0
program() { echo "artifacts/bin/$1/debug/$1"; }
count() { # project, its exit code
  local out=$DIR/$1.log rc=$2
  grep -vE '\[SKIP\]|^Ok, passed' "$out" | tail -n 400
  local total errors failures skips
  read -r total errors failures skips < <(sed -nE 's/.*Total: ([0-9]+), Errors: ([0-9]+), Failed: ([0-9]+), Skipped: ([0-9]+).*/\1 \2 \3 \4/p' "$out" | tail -n 1) || true
  if [ -z "${total:-}" ]; then echo "$1 ended without a summary (exit code $rc)"; failed=$((failed + 1)); return; fi
  failures=$((failures + errors))
  [ "$rc" = 0 ] || [ "$failures" -gt 0 ] || failures=1
  passed=$((passed + total - failures - skips)); failed=$((failed + failures)); skipped=$((skipped + skips))
}
run() { # project
  local rc=0
  say "testing $1, order by seed $THROUGHLINE_TEST_SEED"
  "$(program "$1")" -noColor >"$DIR/$1.log" 2>&1 </dev/null || rc=$?
  count "$1" "$rc"
}

# Its clock is simulated, so it may have whatever the others leave of the processors, and none of them feels it.
say "testing Throughline.Simulation beside the others"
nice -n 19 "$(program Throughline.Simulation)" -noColor >"$DIR/Throughline.Simulation.log" 2>&1 </dev/null &
simulation=$!
run Throughline.Tests
if [ -z "$FAST" ]; then
  say "waiting for Tryton and Redmine"
  wait "$real" || { tail -n 40 "$DIR/real.log" >&2; echo "test.sh: the real servers did not start" >&2; exit 1; }
  . "$DIR/real.env"
  run Throughline.EndToEnd
fi
say "waiting for Throughline.Simulation"
rc=0; wait "$simulation" || rc=$?
simulation=
count Throughline.Simulation "$rc"

say "done, seed $THROUGHLINE_TEST_SEED"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]

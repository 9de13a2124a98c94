#!/usr/bin/env bash
# Measure everything and write docs/benchmarks/<date>-baseline.md. How and why: docs/benchmarks/method.md.
#
#   bench/run.sh [--rounds 5] [--deals 1000] [--warm-up 1500] [--window 256]
#
#   THROUGHLINE_POSTGRES   connection string of a PostgreSQL that may be used (default: one of its own, purged at the end)
#   BENCH_ARTIFACTS        where it is built (default: artifacts)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ -z "${THROUGHLINE_POSTGRES:-}" ]; then
  folder=$(mktemp -d /var/tmp/throughline-bench.XXXXXX)
  # The account that runs PostgreSQL has to reach it.
  chmod 755 "$folder"
  trap 'scripts/postgres-down.sh "$folder" --purge >&2' EXIT
  THROUGHLINE_POSTGRES=$(scripts/postgres-up.sh "$folder" | tail -n 1)
  export THROUGHLINE_POSTGRES
fi

artifacts=${BENCH_ARTIFACTS:-$PWD/artifacts}
dotnet build bench/Throughline.Benchmarks -c Release -v q -nodeReuse:false "-p:ArtifactsPath=$artifacts" >&2
out=docs/benchmarks/$(date -u +%F)-baseline.md
tables=$(mktemp)
"$artifacts/bin/Throughline.Benchmarks/release/throughline-bench" run --out "$tables" "$@" >&2
{
  printf '# Baseline of %s\n\n' "$(date -u +%F)"
  printf 'Commit %s. Repeat with: `bench/run.sh%s`\n\n' "$(git rev-parse --short HEAD)" "${*:+ $*}"
  cat "$tables"
} >"$out"
rm -f "$tables"
printf '%s\n' "$out"

#!/usr/bin/env bash
# Runs the same SQL on Tarn and on a real Trino over the same catalogue and files and lists the differences:
# tools/trino-diff.sh --tpch 0.01 --tpcds 0.01 --random 1000 (tools/trino_diff.py says more). Installs what it
# needs under .cache.
set -euo pipefail
cd "$(dirname "$0")/.."
export TARN=${TARN:-$PWD/build/tarn} PYTHON=${PYTHON:-$PWD/.venv/bin/python}
[ -x "$PYTHON" ] || tools/install-test-deps.sh
tools/fetch-duckdb-extensions.sh
tools/trino.sh fetch
exec "$PYTHON" tools/trino_diff.py "$@"

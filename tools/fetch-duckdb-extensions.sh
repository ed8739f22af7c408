#!/usr/bin/env bash
# DuckDB's generators of TPC-H and TPC-DS under .cache/duckdb-extensions, from PyPI.
set -euo pipefail
cd "$(dirname "$0")/.."
to=$PWD/.cache/duckdb-extensions
[ ! -e "$to/installed-1.5.5" ] || exit 0
"${PYTHON:-.venv/bin/python}" -m pip install -q --disable-pip-version-check --no-deps --target "$to" \
    duckdb-extension-tpch==1.5.5 duckdb-extension-tpcds==1.5.5
touch "$to/installed-1.5.5"

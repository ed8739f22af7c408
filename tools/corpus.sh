#!/usr/bin/env bash
# Runs a corpus of SQL against a fresh server with TPC-H and TPC-DS tables: tools/corpus.sh CORPUS.jsonl [corpus.py's options]
# OUT=FILE keeps every statement's class. What is foreign (the generators) is installed under .cache.
set -euo pipefail
cd "$(dirname "$0")/.."
corpus=$1
shift
python=${PYTHON:-.venv/bin/python}
extensions=$PWD/.cache/duckdb-extensions
tarn=${TARN:-build/tarn}

[ -x "$python" ] || tools/install-test-deps.sh
PYTHON=$python tools/fetch-duckdb-extensions.sh

home=$(mktemp -d)
server=
finish() {
    [ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null || true
    rm -rf "$home"
}
trap finish EXIT
port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
endpoint=http://127.0.0.1:$port
"$tarn" serve --data "$home/data" --port "$port" >"$home/log" 2>&1 &
server=$!
for _ in $(seq 100); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
    sleep 0.05
done
"$python" tools/corpus_tables.py "$endpoint" --tpch 0.01 --both --tpcds 0.01 --extensions "$extensions" \
    --reference "$home/reference.duckdb"
"$python" -c "import boto3
boto3.client('s3', endpoint_url='$endpoint', region_name='us-east-1', aws_access_key_id='test', aws_secret_access_key='test').create_bucket(Bucket='corpus')"
"$python" tools/corpus.py "$corpus" "$endpoint" --reference "$home/reference.duckdb" ${OUT:+--out "$OUT"} "$@"

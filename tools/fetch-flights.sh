#!/usr/bin/env bash
# Fetches the 3,000,000 flights of npm package vega-datasets 3.2.1 (13 MB) once; prints the path.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
file=$root/.cache/flights-3m.parquet
if [ ! -f "$file" ]; then
    tmp=$(mktemp -d)
    trap 'rm -rf "$tmp"' EXIT
    (cd "$tmp" && npm pack --silent --ignore-scripts vega-datasets@3.2.1 >/dev/null) || {
        echo "could not fetch vega-datasets 3.2.1 with npm; is the npm registry reachable?" >&2
        exit 1
    }
    tar xzf "$tmp/vega-datasets-3.2.1.tgz" -C "$tmp" package/data/flights-3m.parquet
    mkdir -p "$root/.cache"
    mv "$tmp/package/data/flights-3m.parquet" "$file"
fi
echo "$file"

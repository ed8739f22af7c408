#!/usr/bin/env bash
# Fetches the peer once, then measures and prints the table; see docs/benchmarks.md.
# Environment: TARN (program), PYTHON (with tests/requirements.txt), ONLY (some of convert,puts,
# visible,queries).
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
kinesalite=3.3.3
peers=$root/.cache/peers
if [ "$(cat "$peers/kinesalite.version" 2>/dev/null)" != $kinesalite ]; then
    echo "fetching kinesalite $kinesalite"
    mkdir -p "$peers"
    npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$peers" \
        "kinesalite@$kinesalite" >/dev/null || {
        echo "could not fetch kinesalite $kinesalite with npm; is the npm registry reachable?" >&2
        exit 1
    }
    echo $kinesalite >"$peers/kinesalite.version"
fi
FLIGHTS=$("$root/tools/fetch-flights.sh")
export FLIGHTS
KINESALITE=$peers/node_modules/kinesalite/cli.js exec "$PYTHON" "$root/bench/run.py"

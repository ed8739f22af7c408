#!/usr/bin/env bash
# Fetches the peers that are asked for once, then measures and prints the table; see
# docs/benchmarks.md. Environment: TARN (program), PYTHON (with tests/requirements.txt), ONLY (some of
# start,convert,puts,visible,queries,tpch,isolation and catalog = partitions,projection,planning,readers).
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
kinesalite=3.3.3
peers=$root/.cache/peers

wants() { # SECTION...: whether one of them is measured
    local s
    [ -n "${ONLY:-}" ] || return 0
    for s in "$@"; do
        case ",$ONLY," in *",$s,"*) return 0 ;; esac
    done
    return 1
}

fetch_kinesalite() {
    [ "$(cat "$peers/kinesalite.version" 2>/dev/null)" != $kinesalite ] || return 0
    echo "fetching kinesalite $kinesalite"
    mkdir -p "$peers"
    npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$peers" \
        "kinesalite@$kinesalite" >/dev/null || {
        echo "could not fetch kinesalite $kinesalite with npm; is the npm registry reachable?" >&2
        exit 1
    }
    echo $kinesalite >"$peers/kinesalite.version"
}

if wants puts; then fetch_kinesalite; fi
if wants visible queries isolation; then
    FLIGHTS=$("$root/tools/fetch-flights.sh")
    export FLIGHTS
fi
if wants tpch; then "$root/tools/fetch-duckdb-extensions.sh"; fi
if wants catalog planning tpch; then "$root/tools/trino.sh" fetch; fi
KINESALITE=$peers/node_modules/kinesalite/cli.js exec "$PYTHON" "$root/bench/run.py"

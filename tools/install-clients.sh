#!/usr/bin/env bash
# Clients that the tests of CLIENTS=1 run, under .cache/clients: dbt-athena (an environment of its own, its dependencies
# are not those of the other tests) and the SDK of Node.
set -euo pipefail
cd "$(dirname "$0")/.."
home=$PWD/.cache/clients
mkdir -p "$home"
if [ ! -e "$home/dbt-1.11.1" ]; then
    python3 -m venv "$home/dbt"
    "$home/dbt/bin/pip" install -q --disable-pip-version-check "dbt-core<1.12" dbt-athena==1.11.1
    touch "$home/dbt-1.11.1"
fi
if [ ! -e "$home/node-3.758.0" ]; then
    command -v npm >/dev/null || {
        run=()
        [ "$(id -u)" = 0 ] || run=(sudo -n)
        echo "installing npm"
        "${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends npm >/dev/null || {
            echo "npm is missing and could not be installed; install it and run this again" >&2
            exit 1
        }
    }
    npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$home/node" @aws-sdk/client-athena@3.758.0 \
        @aws-sdk/client-s3@3.758.0 || {
        echo "could not fetch the Node SDK with npm; is the npm registry reachable?" >&2
        exit 1
    }
    touch "$home/node-3.758.0"
fi

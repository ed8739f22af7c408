#!/usr/bin/env bash
# Installs what the build needs and is missing: Debian packages, libduckdb and its header.
# Use: tools/deps.sh DEPS_DIR. Says by name what it cannot install.
set -euo pipefail
deps=$1
packages=(gcc make pkg-config tzdata libmicrohttpd-dev libsqlite3-dev libssl-dev libcurl4-openssl-dev
    libyaml-dev zlib1g-dev libbz2-dev libzstd-dev libsnappy-dev libpcre2-dev libutf8proc-dev libstemmer-dev libedit-dev libcmocka-dev npm ca-certificates
    python3 python3-venv)

duckdb_lib_version=1.5.5-r.5
duckdb_header_version=1.4.4

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}
have_package() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}
# A tool that came from elsewhere than Debian counts as well.
is_there() {
    case $1 in
    npm | gcc | make | python3) command -v "$1" >/dev/null || have_package "$1" ;;
    *) have_package "$1" ;;
    esac
}
install_packages() {
    local missing=()
    for p in "$@"; do is_there "$p" || missing+=("$p"); done
    [ ${#missing[@]} = 0 ] && return
    echo "installing: ${missing[*]}"
    as_root apt-get update -qq || true
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        "${missing[@]}" >/dev/null || {
        echo "could not install these Debian packages, please install them: ${missing[*]}" >&2
        exit 1
    }
}
fetch_duckdb() {
    local arch tmp
    case $(uname -m) in
    x86_64) arch=x64 ;;
    aarch64) arch=arm64 ;;
    *)
        echo "no libduckdb for $(uname -m)" >&2
        exit 1
        ;;
    esac
    tmp=$(mktemp -d)
    trap 'rm -rf "$tmp"' RETURN
    (cd "$tmp" && npm pack --silent --ignore-scripts \
        "@duckdb/node-bindings-linux-$arch@$duckdb_lib_version" "duckdb@$duckdb_header_version" >/dev/null) || {
        echo "could not fetch libduckdb $duckdb_lib_version with npm; is the npm registry reachable?" >&2
        exit 1
    }
    mkdir -p "$deps/lib" "$deps/include"
    tar xzf "$tmp"/duckdb-node-bindings-*.tgz -C "$tmp" package/libduckdb.so
    mv "$tmp/package/libduckdb.so" "$deps/lib/libduckdb.so"
    tar xzf "$tmp/duckdb-$duckdb_header_version.tgz" -C "$tmp" package/src/duckdb/src/include/duckdb.h
    mv "$tmp/package/src/duckdb/src/include/duckdb.h" "$deps/include/duckdb.h"
}

install_packages "${packages[@]}"
[ -f "$deps/lib/libduckdb.so" ] && [ -f "$deps/include/duckdb.h" ] || fetch_duckdb
mkdir -p "$deps"
touch "$deps/.done"

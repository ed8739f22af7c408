#!/usr/bin/env bash
# Installs what tests and checks need beyond the build: a Python environment, clang, cppcheck.
# Use: tools/install-test-deps.sh VENV_DIR [DEBIAN_PACKAGE...]
set -euo pipefail
venv=$1
shift
missing=()
for p in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing+=("$p")
done
if [ ${#missing[@]} -gt 0 ]; then
    echo "installing: ${missing[*]}"
    run=()
    [ "$(id -u)" = 0 ] || run=(sudo -n)
    "${run[@]}" apt-get update -qq || true
    "${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
        --no-install-recommends "${missing[@]}" >/dev/null || {
        echo "could not install these Debian packages, please install them: ${missing[*]}" >&2
        exit 1
    }
fi
requirements=$(dirname "$0")/../tests/requirements.txt
if ! cmp -s "$requirements" "$venv/installed.txt"; then
    [ -x "$venv/bin/pip" ] || python3 -m venv "$venv"
    "$venv/bin/pip" install -q --disable-pip-version-check -r "$requirements"
    cp "$requirements" "$venv/installed.txt"
fi

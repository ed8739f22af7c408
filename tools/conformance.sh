#!/usr/bin/env bash
# Runs moto's own tests, in its server mode, against a running Tarn, and prints pass/total per suite.
# Use: tools/conformance.sh [SUITE...]     suites: kinesis firehose glue athena s3 sts (all)
# Everything foreign is installed under .cache/conformance; reports (JUnit XML) land in its reports/.
set -euo pipefail
cd "$(dirname "$0")/.."
moto_version=5.2.3
home=$PWD/.cache/conformance
venv=$home/venv
tests=$home/moto-$moto_version
tarn=${TARN:-$PWD/build/tarn}

install() {
    mkdir -p "$home/dl"
    if [ ! -e "$home/installed-$moto_version" ]; then
        python3 -m venv "$venv"
        "$venv/bin/pip" install -q --disable-pip-version-check "moto[all,server]==$moto_version" \
            pytest pytest-timeout parameterized boto3 PyAthena awswrangler
        touch "$home/installed-$moto_version"
    fi
    if [ ! -d "$tests" ]; then # the tests are in the source distribution only
        "$venv/bin/pip" download -q --disable-pip-version-check --no-deps --no-binary moto \
            -d "$home/dl" "moto==$moto_version"
        tar -xzf "$home/dl/moto-$moto_version.tar.gz" -C "$home"
    fi
}

start_tarn() {
    data=$(mktemp -d)
    "$tarn" serve --port 0 --data "$data" >"$data.out" 2>"$data.err" &
    pid=$!
    trap 'kill $pid 2>/dev/null || true; wait $pid 2>/dev/null || true; rm -rf "$data" "$data.out" "$data.err"' EXIT
    endpoint=
    for _ in $(seq 100); do
        endpoint=$(grep -oE 'http://[0-9.]+:[0-9]+' "$data.out" "$data.err" -h 2>/dev/null | head -1 || true)
        [ -n "$endpoint" ] && return
        sleep 0.1
    done
    echo "tarn did not start:" >&2
    cat "$data.err" >&2
    exit 1
}

# A fresh server for each suite: moto's tests assume an empty account.
run_suite() {
    local suite=$1 paths=("tests/test_$1")
    [ "$suite" = s3 ] && paths=(tests/test_s3/test_s3.py)
    (
        start_tarn
        cd "$tests"
        TEST_SERVER_MODE=true TEST_SERVER_MODE_ENDPOINT=$endpoint MOTO_CALL_RESET_API=false \
            AWS_ENDPOINT_URL=$endpoint AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=k AWS_SECRET_ACCESS_KEY=s \
            timeout 900 "$venv/bin/python" -m pytest -q -x --maxfail=100000 --timeout=60 -p no:cacheprovider \
            --junitxml="$home/reports/$suite.xml" "${paths[@]}" >"$home/reports/$suite.log" 2>&1 || true
    )
}

install
mkdir -p "$home/reports"
[ $# -gt 0 ] || set -- sts kinesis firehose athena glue s3
for suite in "$@"; do
    run_suite "$suite"
done
"$venv/bin/python" tools/conformance_report.py "$home/reports" "$@"

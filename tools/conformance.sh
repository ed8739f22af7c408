#!/usr/bin/env bash
# Runs moto's own tests, in its server mode, against Tarn, and prints pass/total per suite.
# Use: tools/conformance.sh [SUITE...]     suites: kinesis firehose glue athena s3 sts (all)
# Everything foreign is installed under .cache/conformance; reports (JUnit XML) land in its reports/.
set -euo pipefail
cd "$(dirname "$0")/.."
moto_version=5.2.5
here=$PWD/tools
home=$PWD/.cache/conformance
venv=$home/venv
tests=$home/moto-$moto_version
tarn=${TARN:-$PWD/build/tarn}

install() {
    mkdir -p "$home/dl"
    if [ ! -e "$home/installed-$moto_version" ]; then
        python3 -m venv "$venv"
        "$venv/bin/pip" install -q --disable-pip-version-check "moto[all,server]==$moto_version" \
            pytest pytest-timeout parameterized freezegun boto3 PyAthena awswrangler
        touch "$home/installed-$moto_version"
    fi
    if [ ! -d "$tests" ]; then # the tests are in the source distribution only
        "$venv/bin/pip" download -q --disable-pip-version-check --no-deps --no-binary moto \
            -d "$home/dl" "moto==$moto_version"
        tar -xzf "$home/dl/moto-$moto_version.tar.gz" -C "$home"
    fi
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# The plugin gives each test an empty server.
run_suite() {
    local suite=$1 paths=("tests/test_$1") port endpoint buckets=
    [ "$suite" = s3 ] && paths=(tests/test_s3/test_s3.py)
    case $suite in
    athena) buckets="bucket bucket-name qwerasdfq3451345254" ;;
    firehose) buckets="firehose-test" ;;
    glue) buckets="my-bucket" ;;
    esac
    port=$(free_port)
    endpoint=http://127.0.0.1:$port
    (
        cd "$tests"
        env TARN="$tarn" TARN_BUCKETS="$buckets" TARN_PORT="$port" TARN_LOG="$home/reports/$suite.server.log" \
            PYTHONPATH="$here" TEST_SERVER_MODE=true TEST_SERVER_MODE_ENDPOINT="$endpoint" \
            MOTO_CALL_RESET_API=false AWS_ENDPOINT_URL="$endpoint" AWS_DEFAULT_REGION=us-east-1 \
            AWS_ACCESS_KEY_ID=k AWS_SECRET_ACCESS_KEY=s \
            timeout 900 "$venv/bin/python" -m pytest -q --color=no --tb=short --timeout=60 \
            -p no:cacheprovider -p conformance_plugin --junitxml="$home/reports/$suite.xml" \
            "${paths[@]}" >"$home/reports/$suite.log" 2>&1 || true
    )
}

install
mkdir -p "$home/reports"
[ $# -gt 0 ] || set -- sts kinesis firehose athena glue s3
for suite in "$@"; do
    run_suite "$suite"
done
"$venv/bin/python" tools/conformance_report.py "$home/reports" "$@"

#!/usr/bin/env bash
# Starts a server, plays the examples and prints their results; --keep goes on serving.
# Environment: TARN (program), PORT, DATA.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
keep=${1:-}
bold= plain=
if [ -t 1 ]; then bold=$'\e[1m' plain=$'\e[0m'; fi

say() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
# One query file: its title, the aligned result, rows, time and bytes read.
show() {
    say "$(sed -n '1s/^-- //p' "$2")"
    "$TARN" sql --format table --database "$1" <"$2" 2>&1
}
count() { "$TARN" sql -q --format csv -d "$1" "select count(*) from $2" | tail -1; }

"$TARN" serve --port "$PORT" --data "$DATA" >"${TMPDIR:-/tmp}/tarn-run.$$" 2> >(grep -v INFO >&2 || true) &
server=$!
trap 'kill $server 2>/dev/null; wait $server 2>/dev/null; rm -f "${TMPDIR:-/tmp}/tarn-run.$$"' EXIT
trap 'exit 130' INT TERM
until grep -q http "${TMPDIR:-/tmp}/tarn-run.$$"; do
    kill -0 $server 2>/dev/null || exit 1 # it has said why
    sleep 0.05
done
cat "${TMPDIR:-/tmp}/tarn-run.$$"
AWS_ENDPOINT_URL=$(grep -o 'http://[0-9.:]*' "${TMPDIR:-/tmp}/tarn-run.$$")
export AWS_ENDPOINT_URL

say "ACME: ads shown, ads clicked"
acme=$here/acme/warehouse.yaml
"$TARN" up "$acme"
if [ "$(count default impressions)" = 0 ]; then
    "$TARN" put impressions --generate 20000 --seed 1 -w "$acme"
    "$TARN" put clicks --generate 1500 --seed 2 -w "$acme"
fi
for q in "$here"/acme/queries/*.sql; do show default "$q"; done

say "Flights: 3,000,000 real events"
flights=$here/flights/warehouse.yaml
"$TARN" up "$flights"
if [ "$(count flights flights)" = 0 ]; then
    "$TARN" put flights --file "$("$root/tools/fetch-flights.sh")" -w "$flights"
fi
echo "rows before the last flush: $(count flights flights)"
"$TARN" flush
echo "rows after the last flush:  $(count flights flights)"
for q in "$here"/flights/queries/*.sql; do show flights "$q"; done

say "To go on"
cat <<END
  export AWS_ENDPOINT_URL=$AWS_ENDPOINT_URL
  ${TARN#"$PWD"/} sql                       an interactive session; \\? helps
  ${TARN#"$PWD"/} put impressions --generate 5000 --rate 200 -w examples/acme/warehouse.yaml
  aws athena start-query-execution --query-string 'select count(*) from impressions'
END
if [ "$keep" = --keep ]; then
    say "Serving on $AWS_ENDPOINT_URL until Ctrl-C"
    trap 'echo; exit 0' INT TERM # the normal end
    wait $server
fi

#!/usr/bin/env bash
# Runs every fuzz target, two at a time, on copies of the seed corpora: the parsers that face the world
# for SECONDS, the others for an eighth of it.
# Use: tools/fuzz.sh SECONDS BINARY...
set -uo pipefail
seconds=$1
shift
failed=0
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
run_one() {
    local binary=$1 name
    name=$(basename "$binary")
    mkdir -p "$out/$name"
    local seeds=tests/fuzz/corpus/${name#fuzz_}
    [ -d "$seeds" ] || seeds=
    local time=$((seconds / 8 + 1))
    case $name in
    fuzz_decoder | fuzz_json | fuzz_sql | fuzz_segment | fuzz_sigv4) time=$seconds ;;
    esac
    if "$binary" -max_total_time="$time" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$out/$name-" "$out/$name" $seeds >"$out/$name.log" 2>&1; then
        echo "$name: $(awk '/number_of_executed_units/{print $2}' "$out/$name.log") runs, no finding"
    else
        tail -40 "$out/$name.log"
        for f in "$out/$name"-*; do
            [ -f "$f" ] && echo "$name: input (base64): $(base64 -w0 "$f" | head -c 4000)"
        done
        return 1
    fi
}
pids=()
for binary in "$@"; do
    run_one "$binary" &
    pids+=($!)
    if [ ${#pids[@]} -ge 2 ]; then
        wait "${pids[0]}" || failed=1
        pids=("${pids[@]:1}")
    fi
done
for p in "${pids[@]}"; do wait "$p" || failed=1; done
exit $failed

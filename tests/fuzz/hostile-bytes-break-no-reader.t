#!/bin/bash
# Every fuzzer of this folder: the inputs that once broke something, or reach far, are gone through; then libFuzzer makes
# new ones. All of them share REHOST_FUZZ_SECONDS (a minute; 600 for a longer look), and start from REHOST_FUZZ_SEED: the same one for
# every commit, so that none is refused for what another brought; a number of your own looks elsewhere. An input that breaks
# something is printed, and kept in out/fuzz: once it is mended it belongs into corpus/.
set -euo pipefail
TOP=$(cd "$(dirname "$0")/../.." && pwd)
SECONDS_IN_ALL=${REHOST_FUZZ_SECONDS:-60}
BUILD=${REHOST_FUZZ_BUILD:-$TOP/out/build}
WORK=$(mktemp -d /dev/shm/rehost-fuzz.XXXXXX) # in memory: some make a file, or a tree of them, for each input
KEPT=$TOP/out/fuzz
SIDE_BY_SIDE=2
trap 'rm -rf "$WORK"' EXIT
# shellcheck source=tests/vm/lib/tap.sh
. "$TOP/tests/vm/lib/tap.sh"
cd "$TOP"

echo 'int LLVMFuzzerTestOneInput(const char *data, unsigned long size) { return data && size ? 0 : 0; }' >"$WORK/probe.c"
clang -fsanitize=fuzzer -o "$WORK/probe" "$WORK/probe.c" 2>/dev/null || skip_all "clang with libFuzzer is missing here"
must "the fuzzers are built" make -j"$(nproc)" --no-print-directory BUILD="$BUILD" fuzz

FUZZERS=()
for source in tests/fuzz/*_fuzz.c; do FUZZERS+=("$(basename "$source" _fuzz.c)"); done
SHARE=$((SECONDS_IN_ALL * SIDE_BY_SIDE / ${#FUZZERS[@]}))
SEED=${REHOST_FUZZ_SEED:-1}
diag "${#FUZZERS[@]} fuzzers of $SHARE s each; REHOST_FUZZ_SEED=$SEED"

# guests_as_inputs FOLDER: each guest of tests/guests as guest_fuzz.c takes it.
guests_as_inputs() {
    local guest
    for guest in tests/guests/*/root; do
        find "$guest" -type f -size -16k -printf '%P\n' | sort | while read -r file; do
            printf '=== %s\n' "$file"
            cat "$guest/$file"
        done >"$1/$(basename "$(dirname "$guest")")"
    done
}

# fuzz NAME: in the background, two side by side; what it says goes to $WORK/NAME.log, how it ended to $WORK/NAME.status.
fuzz() {
    local name=$1 inputs=$WORK/$1.inputs status=0 options=()
    mkdir -p "$inputs"
    [ "$name" != guest ] || guests_as_inputs "$inputs"
    [ "$name" != hardware ] || cp tests/hardware/*.json "$inputs"
    [ ! -f "tests/fuzz/$name.dict" ] || options+=(-dict="tests/fuzz/$name.dict")
    TMPDIR=$WORK "$BUILD/fuzz/${name}_fuzz" -seed="$SEED" -max_total_time="$SHARE" -max_len=8192 -timeout=20 -rss_limit_mb=1024 \
        -print_final_stats=1 -artifact_prefix="$KEPT/$name-" "${options[@]}" "$inputs" "tests/fuzz/corpus/$name" \
        >"$WORK/$name.log" 2>&1 || status=$?
    echo "$status" >"$WORK/$name.status"
}

# held NAME: it ran to its end, and really ran.
held() {
    local log=$WORK/$1.log runs kept
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    if [ "$(cat "$WORK/$1.status")" -eq 0 ] && [ "${runs:-0}" -gt "$(find "tests/fuzz/corpus/$1" -type f | wc -l)" ]; then
        return 0
    fi
    grep -vE '^#[0-9]+[[:space:]]+(NEW|REDUCE|pulse|RELOAD)' "$log" | tail -n 45
    kept=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
    [ -z "$kept" ] || { echo "the input, in base64 ($kept):"; base64 "$kept"; }
    return 1
}

mkdir -p "$KEPT"
RUNNING=0
for name in "${FUZZERS[@]}"; do
    fuzz "$name" &
    RUNNING=$((RUNNING + 1))
    if [ "$RUNNING" -ge "$SIDE_BY_SIDE" ]; then
        wait -n
        RUNNING=$((RUNNING - 1))
    fi
done
wait
for name in "${FUZZERS[@]}"; do
    tries "$name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$WORK/$name.log") inputs" held "$name"
done
tap_done

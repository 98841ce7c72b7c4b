#!/bin/bash
# A dying disk reads now this sector, now that. Where the first and the last MiB of the source had other defects before, it is the same source all
# the same: the copy goes on, after a lost connection and in the next run. What was written to since is another state, defects or not.
set -euo pipefail
# shellcheck source=tests/pull/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
needs python3

MIB=1048576
SIZE=$((24 * MIB))
SOURCE=$WORK/source.img
TARGET=$WORK/target.img
head -c "$SIZE" /dev/urandom >"$SOURCE"

# defective SECTOR…: what cannot be read from now on.
defective() { printf '%s\n' "$@" >"$SOURCE.defects"; }
defective 0
serve_rotten dying "$SOURCE" odd-defects

# half_done DEFECT…: a pull in the background over a link that stops, by which there is a journal.
half_done() {
    defective "$@"
    rm -f "$TARGET"
    link stops dying stop=$((18 * MIB))
    "$REHOST" pull --all --json --read-errors zero --connections 1 "$(uri stops)" "$TARGET" >"$WORK/half.out" 2>&1 &
    PULL=$!
    wait_until has_journaled "$TARGET" $((6 * MIB))
}
killed() {
    half_done "$@" || return 1
    { kill -9 "$PULL" && wait "$PULL"; } 2>/dev/null || true
}

# is_whole_but SECTOR…: which are zeroes.
is_whole_but() {
    local at
    cp "$SOURCE" "$WORK/expected"
    for at; do dd if=/dev/zero of="$WORK/expected" bs=512 seek=$((at / 512)) count=1 conv=notrunc status=none; done
    cmp "$WORK/expected" "$TARGET"
}
goes_on() { pull_says 0 '"resumed_bytes":[1-9]' --json --read-errors zero "$(uri dying)" "$TARGET"; }

at_first=$((300 * 1024)) later=$((SIZE - 200 * 1024))
tries "a run that could not read one place of the ends is killed" killed "$at_first"
defective "$later"
tries "... the next one cannot read another, and goes on" goes_on
tries "... only what cannot be read now is zero" is_whole_but "$later"

back_in_time() {
    half_done "$at_first" || return 1
    defective "$later"
    kill -USR1 "$LINK"
    link_goes_on
    wait "$PULL" || { tail -n 3 "$WORK/half.out"; return 1; }
    grep -q '"event":"done"' "$WORK/half.out"
}
tries "so does a run that loses the connection meanwhile" back_in_time
tries "... its ends are as they were read at first" is_whole_but "$at_first"

tries "a run is killed once more" killed "$at_first"
many=()
for ((at = 0; at < 11; at++)); do many+=($((at * 262144 + 131072))); done
defective "${many[@]}"
tries "where most of the ends cannot be read, it cannot be told which source it is" pull_says 1 'can read too little of its first and last MiB' \
    --read-errors zero "$(uri dying)" "$TARGET"
defective "$later"
printf 'written by a mount' | dd of="$SOURCE" bs=1 seek=$((MIB + 1100)) conv=notrunc status=none
tries "a source that was written to is another one, whatever else cannot be read" pull_says 1 'another state' --read-errors zero "$(uri dying)" "$TARGET"
tap_done

#!/bin/bash
# The source goes away in the middle: it is waited for; when it is back the copy goes on, unless it is another disk.
set -euo pipefail
# shellcheck source=tests/pull/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
needs nbdkit qemu-nbd perl python3

SIZE=$((96 * 1048576))
head -c "$SIZE" /dev/urandom >"$WORK/source.img"
SOURCE=$WORK/source.img
TARGET=$WORK/target.img

serve_qemu behind -f raw -e 8 "$SOURCE"
comes_back() { serve_qemu source -f raw -e 8 "$1"; }

# lose_source: a pull in the background whose source is lost when half of it has come. (The source is gone, as nobody listens where it was.)
KEPT_BYTES=$((SIZE / 4))
lose_source() {
    rm -f "$TARGET"
    link source behind stop=$((SIZE / 2))
    "$REHOST" pull --all --json "$@" "$(uri source)" "$TARGET" >"$WORK/back.out" 2>"$WORK/back.err" &
    PULL=$!
    wait_until has_journaled "$TARGET" "$KEPT_BYTES"
    stop "$LINK"
}

# ended STATUS PATTERN: the pull in the background ended so.
ended() {
    local status=0
    wait "$PULL" || status=$?
    tail -n 3 "$WORK/back.out" "$WORK/back.err"
    [ "$status" -eq "$1" ] || { echo "exit status $status instead of $1"; return 1; }
    grep -Eq -- "$2" "$WORK/back.out" "$WORK/back.err" || { echo "nothing matches: $2"; return 1; }
}

lose_source
tries "it says what is the matter while it waits" wait_until grep -q '"trouble":"the source has been gone' "$WORK/back.out"
comes_back "$SOURCE"
tries "the source comes back: the copy goes on and ends well" ended 0 '"event":"done"'
tries "... and is the source" same_content "$SOURCE" "$TARGET"
tries "... and little was sent twice" test "$(json_number "$WORK/back.out" received_bytes)" -le $((SIZE + 45 * 1048576))
stop "$SERVER"

lose_source --patience 2
tries "the source does not come back: that is an error after the patience has run out" ended 1 'did not come back within 2 s: '
tries "... the disk does not boot" does_not_boot "$TARGET" "$SIZE"
comes_back "$SOURCE"
pull --json "$(uri source)" "$TARGET" >/dev/null
KEPT=$(json_number "$WORK/pull.out" resumed_bytes)
tries "... the next run goes on from the journal ($KEPT bytes)" test "$KEPT" -ge "$KEPT_BYTES"
tries "... without asking for them again" test "$(json_number "$WORK/pull.out" received_bytes)" -le $((SIZE - KEPT + 6 * 1048576))
tries "... and the copy is the source" same_content "$SOURCE" "$TARGET"
stop "$SERVER"

lose_source --patience 20
head -c $((SIZE + 1048576)) /dev/urandom >"$WORK/larger.img"
comes_back "$WORK/larger.img"
tries "it comes back with another size: both sizes are named" ended 1 "another size: $((SIZE + 1048576)) bytes instead of $SIZE"
tries "the next run refuses that size too" pull_says 1 "holds a copy of a source of $SIZE bytes, and this source has|too small" "$(uri source)" "$TARGET"
stop "$SERVER"

lose_source --patience 20
cp "$SOURCE" "$WORK/changed.img"
printf 'written by a mount' | dd of="$WORK/changed.img" bs=1 seek=$((1048576 + 1100)) conv=notrunc status=none
comes_back "$WORK/changed.img"
tries "it comes back written to: the copy would mix two states, so it ends" ended 1 'another state'
tries "the next run refuses, and names the way out" pull_says 1 '--restart' "$(uri source)" "$TARGET"
tries "... and the disk does not boot" does_not_boot "$TARGET" "$SIZE"
tries "with --restart it is copied from the beginning" pulls_whole "$WORK/changed.img" --restart "$(uri source)" "$TARGET"
stop "$SERVER"

# One connection of several is cut again and again; the others go on.
start limited nbdkit -f -r -U "$WORK/limited.sock" --filter=rate --filter=limit file "$SOURCE" limit=2 rate=800M
wait_for_socket "$WORK/limited.sock"
tries "a server that allows fewer connections than wanted" pulls_whole "$SOURCE" --restart "$(uri limited)" "$WORK/limited"
stop "$SERVER"

# A server that ends each connection after two seconds, in which a third of the disk comes. After each loss 5 MiB are read to know it again.
if [ -e "$(nbdkit --dump-config | sed -n 's/^filterdir=//p')/nbdkit-time-limit-filter.so" ]; then # nbdkit 1.40
    serve_nbdkit impatient --filter=time-limit --filter=rate file "$SOURCE" time-limit=2 rate=120M
    tries "a server that ends every connection after a while" pulls_whole "$SOURCE" --json "$(uri impatient)" "$WORK/impatient"
    tries "... which it did" test "$(json_number "$WORK/pull.out" received_bytes)" -ge $((SIZE + 10 * 1048576))
else
    TAP_COUNT=$((TAP_COUNT + 1))
    echo "ok $TAP_COUNT - a server that ends every connection after a while # SKIP this nbdkit has no such filter"
fi
tap_done

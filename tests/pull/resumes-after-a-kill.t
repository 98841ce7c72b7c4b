#!/bin/bash
# The target loses power at 20 random moments of one pull. It goes on each time, never boots in between, and what is
# there in the end is the source; the source is unchanged and nearly nothing was sent twice.
set -euo pipefail
# shellcheck source=tests/pull/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
needs qemu-nbd perl

SOURCE=$WORK/source.img
TARGET=$WORK/target.img
SIZE=$((100 * 1048576 + 512))
head -c "$SIZE" /dev/urandom >"$SOURCE"
printf '\x55\xaaEFI PART' | dd of="$SOURCE" bs=1 seek=510 conv=notrunc status=none
printf 'EFI PART' | dd of="$SOURCE" bs=512 seek=$((SIZE / 512 - 1)) conv=notrunc status=none
DIGEST=$(sha256sum <"$SOURCE")
cp "$SOURCE" "$TARGET" # the worst case: what is there already would boot
tr '\0-\377' '\1-\377\0' <"$SOURCE" | dd of="$TARGET" bs=1M seek=1 skip=1 conv=notrunc status=none

serve_slow slow "$SOURCE" 35000000

kill_once() {
    local pid
    "$REHOST" pull --all --json "$(uri slow)" "$TARGET" >"$WORK/killed.out" 2>&1 &
    pid=$!
    perl -e 'select undef, undef, undef, 0.05 + rand 1.2'
    { kill -9 "$pid" && wait "$pid"; } 2>/dev/null || true
}

KILLS=0
RESUMED=0
KEPT=0
while [ "$KILLS" -lt 20 ]; do
    kill_once
    [ "$(json_number "$WORK/killed.out" resumed_bytes)" -gt 0 ] 2>/dev/null && RESUMED=$((RESUMED + 1))
    if grep -q '"event":"done"' "$WORK/killed.out"; then
        diag "finished before it was killed, begun anew"
        tr '\0-\377' '\1-\377\0' <"$SOURCE" >"$TARGET"
        continue
    fi
    KILLS=$((KILLS + 1))
    check "kill $KILLS: the disk does not boot" does_not_boot "$TARGET" "$SIZE" || break
done
tries "at least five of the killed runs had gone on from what was there ($RESUMED)" test "$RESUMED" -ge 5
tries "the last run finishes, and the copy is the source" pulls_whole "$SOURCE" --json "$(uri slow)" "$TARGET"
tries "the source is unchanged" test "$(sha256sum <"$SOURCE")" = "$DIGEST"

# A run that is killed late has nearly all of it in its journal.
tr '\0-\377' '\1-\377\0' <"$SOURCE" >"$TARGET"
serve_slow slower "$SOURCE" 16000000
"$REHOST" pull --all --json "$(uri slower)" "$TARGET" >"$WORK/killed.out" 2>&1 &
PID=$!
sleep 4
{ kill -9 "$PID" && wait "$PID"; } 2>/dev/null || true
tries "killed after four seconds the disk does not boot" does_not_boot "$TARGET" "$SIZE"
tries "... says what it is to whoever reads its first sector" grep -aq 'rehost: this disk is being filled' <(head -c 512 "$TARGET")
pull --json "$(uri slower)" "$TARGET" >/dev/null
KEPT=$(json_number "$WORK/pull.out" resumed_bytes)
tries "the next run knows of the better part of what was there ($KEPT bytes)" test "$KEPT" -ge $((30 * 1048576))
tries "... asks only for the rest" test "$(json_number "$WORK/pull.out" received_bytes)" -le $((SIZE - KEPT + 6 * 1048576))
tries "... and the copy is the source" same_content "$SOURCE" "$TARGET"
tap_done

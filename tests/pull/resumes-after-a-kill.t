#!/bin/bash
# The target loses power at 200 random moments: on twelve disks side by side, from the first byte to the last sector. Each goes
# on every time, never boots in between, and what is there in the end is the source, again and again.
set -euo pipefail
# shellcheck source=tests/pull/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
needs qemu-nbd perl python3

LANES=12
KILLS=200   # on all of them
RESUMED=30  # of these, at least, are of a run that has gone on from what was there
MOMENTS=500 # for each lane: a bound, which only a machine that stands still comes to
SEED=${REHOST_KILL_SEED:-$RANDOM}
diag "REHOST_KILL_SEED=$SEED"

# random_disk FILE BYTES: what would boot, by BIOS and by UEFI.
random_disk() {
    head -c "$2" /dev/urandom >"$1"
    printf '\x55\xaaEFI PART' | dd of="$1" bs=1 seek=510 conv=notrunc status=none
    printf 'EFI PART' | dd of="$1" bs=512 seek=$(($2 / 512 - 1)) conv=notrunc status=none
}

# old_disk FILE: another one of the same size, of which no byte is right.
old_disk() { tr '\0-\377' '\1-\377\0' <"$SOURCE" >"$1"; }

is_whole() { cmp -s -n "$SIZE" "$SOURCE" "$1"; }

# sound DISK: it has no 55AA, or it is the source; and no GPT header, or all behind the first sector is the source.
sound() {
    is_whole "$1" && return
    [ "$(dd if="$1" bs=1 skip=510 count=2 status=none | od -An -tx1)" != " 55 aa" ] || { echo "FAILED: sector 0 has 55AA"; return; }
    ! dd if="$1" bs=512 skip=1 count=1 status=none | grep -aq 'EFI PART' || cmp -i 512 -n $((SIZE - 512)) "$SOURCE" "$1" ||
        echo "FAILED: a GPT header is in sector 1"
}

# kill_after SECONDS DISK: a pull that is killed then; says how it went. Small requests, as else all of so small a disk is in
# flight at once, and nothing of it has arrived before everything has.
kill_after() {
    local pid
    "$REHOST" pull --all --json --connections 1 --request-size 65536 "$(uri slow)" "$2" >"$2.out" 2>&1 &
    pid=$!
    sleep "$1"
    { kill -9 "$pid" && wait "$pid"; } 2>/dev/null || true
    if grep -q '"event":"done"' "$2.out"; then
        is_whole "$2" && echo finished || echo "FAILED: it says that it is done, and is not the source"
        old_disk "$2"
        return
    fi
    ! [ "$(json_number "$2.out" resumed_bytes)" -gt 0 ] 2>/dev/null || echo resumed
    echo killed
    sound "$2"
}

count() { cat "$WORK"/lane.*.log | grep -c "^$1" || true; }

are_enough() { [ "$(count killed)" -ge "$KILLS" ] && [ "$(count resumed)" -ge "$RESUMED" ]; }

# lane NUMBER: one disk, killed over and over; in the end a run that nothing disturbs. All lanes go on until there are kills enough
# on all of them: a lane that is left alone has the whole line, and then most of its runs end before they are killed.
lane() {
    local disk=$WORK/lane.$1 seconds
    old_disk "$disk"
    while ! are_enough && read -r seconds; do
        kill_after "$seconds" "$disk"
    done < <(perl -e 'srand shift; printf "%.3f\n", 0.05 + rand 2.6 for 1 .. shift' "$SEED$1" "$MOMENTS")
    "$REHOST" pull --all "$(uri slow)" "$disk" && is_whole "$disk" || echo "FAILED: the last run did not make it the source"
}

SOURCE=$WORK/source.img
SIZE=$((12 * 1048576 + 512))
random_disk "$SOURCE" "$SIZE"
DIGEST=$(sha256sum <"$SOURCE")
serve_slow slow "$SOURCE" 40000000 64
LANE_PIDS=()
for ((number = 0; number < LANES; number++)); do
    lane "$number" >"$WORK/lane.$number.log" 2>&1 &
    LANE_PIDS+=($!)
done
wait "${LANE_PIDS[@]}"
stop "$SERVER"
none_failed() { ! grep FAILED "$WORK"/lane.*.log; }
tries "killed $(count killed) times: no disk boots by half, and each ends as the source" none_failed
tries "... many of the killed runs had gone on from what was there ($(count resumed))" test "$(count resumed)" -ge "$RESUMED"
tries "... $KILLS times or more, and $(count finished) more runs had ended before" test "$(count killed)" -ge "$KILLS"
tries "the source is unchanged" test "$(sha256sum <"$SOURCE")" = "$DIGEST"

# A run that is killed late has nearly all of it in its journal.
SOURCE=$WORK/larger.img
TARGET=$WORK/target.img
SIZE=$((100 * 1048576 + 512))
random_disk "$SOURCE" "$SIZE"
old_disk "$TARGET"
printf 'EFI PART' | dd of="$TARGET" bs=512 seek=$((SIZE / 512 - 1)) conv=notrunc status=none # from which a firmware may mend a GPT
serve_qemu whole -f raw -e 16 "$SOURCE"
link most whole stop=$((70 * 1048576))
"$REHOST" pull --all "$(uri most)" "$TARGET" >"$WORK/killed.out" 2>&1 &
PID=$!
must "most of a larger disk comes" wait_until has_journaled "$TARGET" $((50 * 1048576))
{ kill -9 "$PID" && wait "$PID"; } 2>/dev/null || true
tries "killed then the disk does not boot, nor is the old one's table at its end" does_not_boot "$TARGET" "$SIZE"
tries "... says what it is to whoever reads its first sector" grep -aq 'rehost: this disk is being filled' <(head -c 512 "$TARGET")
pull --json "$(uri whole)" "$TARGET" >/dev/null
KEPT=$(json_number "$WORK/pull.out" resumed_bytes)
tries "the next run knows of what was there ($KEPT bytes)" test "$KEPT" -ge $((50 * 1048576))
tries "... asks only for the rest" test "$(json_number "$WORK/pull.out" received_bytes)" -le $((SIZE - KEPT + 6 * 1048576))
tries "... and the copy is the source" same_content "$SOURCE" "$TARGET"
tap_done

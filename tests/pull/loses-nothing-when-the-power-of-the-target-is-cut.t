#!/bin/bash
# The target has a volatile cache and loses power: what was not flushed vanishes, is torn, or turns to zeroes. A whole
# pull is recorded, write by write and flush by flush; then the disk is made as a cut could have left it, at many places.
# It never boots unless it is whole: neither the source by half nor the system that was there before, and the next run makes it the source.
set -euo pipefail
# shellcheck source=tests/pull/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
needs qemu-nbd nbdfuse python3
[ -e /dev/fuse ] || skip_all "/dev/fuse is missing here"

CUTS=126
FIRST_EVENTS=18
LAST_EVENTS=40
LANES=4
SEED=${REHOST_CUT_SEED:-$RANDOM}
SOURCE=$WORK/source.img
BEFORE=$WORK/before.img
SIZE=$((6 * 1048576 + 512))
head -c "$SIZE" /dev/urandom >"$SOURCE"
printf '\x55\xaaEFI PART' | dd of="$SOURCE" bs=1 seek=510 conv=notrunc status=none
tr '\0-\377' '\1-\377\0' <"$SOURCE" >"$BEFORE" # another system: of its boot code no byte is the source's
printf '\x55\xaa' | dd of="$BEFORE" bs=1 seek=510 conv=notrunc status=none
lib=$TOP/tests/pull/lib
diag "REHOST_CUT_SEED=$SEED"

# recorded ARGUMENTS…: a pull onto the recording disk, slow enough for several slots of the journal.
recorded() { "$REHOST" pull --all --connections 1 --request-size 65536 "$@" "$(uri slow)" "$WORK/fuse/nbd"; }
record() {
    cp "$BEFORE" "$WORK/behind.img"
    start disk python3 "$lib/recording-disk.py" "$WORK/disk.sock" "$WORK/behind.img" "$WORK/log"
    wait_for_socket "$WORK/disk.sock"
    mkdir "$WORK/fuse"
    start fuse nbdfuse "$WORK/fuse" --unix "$WORK/disk.sock"
    CLEANUPS+=("umount -l $WORK/fuse")
    wait_until test -e "$WORK/fuse/nbd"
    serve_slow slow "$SOURCE" 3000000
    recorded --hold-boot && recorded
}
must "a pull is recorded, first with the boot code held, then to its end" record
must "... and its target is the source" same_content "$SOURCE" "$WORK/behind.img"
EVENTS=$(python3 "$lib/power-cut.py" count "$WORK/log")

# cut LANE PLACE SEED: the disk as the cut leaves it, and the run after.
cut() {
    local image=$WORK/cut.$1.img
    python3 "$lib/power-cut.py" cut "$WORK/log" "$BEFORE" "$SOURCE" "$image" "$2" "$3" &&
        "$REHOST" pull --all --json "$(uri source)" "$image" | grep '"event":"done"' && same_content "$SOURCE" "$image"
}

# place NTH: four of seven cuts evenly over all that happened, two where it ends (the held-back ends, the first sector), and one where it begins, when
# the old system's ends are overwritten.
place() {
    case $(($1 % 7)) in
    2 | 5) echo $((EVENTS - $1 % LAST_EVENTS)) ;;
    3) echo $((1 + $1 / 7 % FIRST_EVENTS)) ;;
    *) echo $((1 + (EVENTS - 1) * $1 / (CUTS - 1))) ;;
    esac
}

# lane NUMBER: its share of the cuts; each ends up in its log, the failed ones in FAILED too.
lane() {
    local nth
    for ((nth = $1; nth < CUTS; nth += LANES)); do
        cut "$1" "$(place "$nth")" "$SEED.$nth" >"$WORK/cut.$1.out" 2>&1 || echo "FAILED, with seed $SEED.$nth:"
        cat "$WORK/cut.$1.out"
    done >"$WORK/lane.$1.out"
}

serve_qemu source -f raw -e 16 "$SOURCE"
LANE_PIDS=()
for ((number = 0; number < LANES; number++)); do
    lane "$number" &
    LANE_PIDS+=($!)
done
wait "${LANE_PIDS[@]}"
cat "$WORK"/lane.*.out >"$WORK/cuts"

none_failed() { ! grep -A 5 FAILED "$WORK/cuts"; }
count() { grep -c -- "$1" "$WORK/cuts" || true; }
tries "cut $CUTS times, at places among $EVENTS: never bootable by half, and the next run makes it the source" none_failed
tries "... all of them were made" test "$(count '"event":"done"')" -eq "$CUTS"
tries "... most lost something ($(count ' 0 writes not') did not)" test "$(count ' 0 writes not')" -lt $((CUTS / 2))
tries "... most went on from a journal ($(count '"resumed_bytes":0,') did not)" test "$(count '"resumed_bytes":0,')" -lt $((CUTS * 2 / 3))
tries "... some were held copies ($(count 'is held'))" test "$(count 'is held')" -gt 0
tap_done

#!/bin/bash
# The target loses power at every single write and flush of a pull, one after the other: at the start, in the journal,
# in the held-back ends and in the first sector. strace kills the program as it enters that call.
set -euo pipefail
# shellcheck source=tests/pull/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
needs qemu-nbd strace perl

SOURCE=$WORK/source.img
TARGET=$WORK/target.img
SIZE=$((6 * 1048576 + 512))
make_source "$SOURCE" "$SIZE"
serve_qemu source -f raw -e 8 "$SOURCE"
old_disk() { tr '\0-\377' '\1-\377\0' <"$SOURCE" >"$TARGET"; }

old_disk
strace -f -o /dev/null -e trace=pwrite64,fdatasync "$REHOST" pull --all --connections 1 "$(uri source)" "$TARGET" >/dev/null 2>&1 ||
    skip_all "strace cannot trace here"
must "an undisturbed pull under strace gives the source" same_content "$SOURCE" "$TARGET"

# kill_at CALL N [OPTION]…: a pull that is killed as one of its threads enters its Nth call. (strace counts those of each thread by itself.)
kill_at() {
    local call=$1 nth=$2 status=0
    { strace -f -o /dev/null -e trace="$call" -e inject="$call:signal=KILL:when=$nth" "$REHOST" pull --all --connections 1 "${@:3}" "$(uri source)" "$TARGET" >/dev/null 2>&1; } 2>/dev/null || status=$?
    [ "$status" -eq 137 ] || { echo "it was not killed: exit status $status"; return 1; }
}
is_whole() { cmp -s -n "$SIZE" "$SOURCE" "$TARGET"; }

NO_SUCH_CALL=3 # what `cut` returns when the pull has ended before it

# cut CALL N: cut off there, and the run that goes on as well, at a call of its own: the disk must not boot unless it is
# complete. The third run ends well.
cut() {
    old_disk
    if ! kill_at "$1" "$2"; then
        is_whole && return "$NO_SUCH_CALL"
        return 1
    fi
    is_whole || { does_not_boot_yet && kill_at "$1" $(($2 % 3 + 1)); } || return 1
    is_whole || does_not_boot_yet || return 1
    pulls_whole "$SOURCE" --json "$(uri source)" "$TARGET"
}
# Cut off while the boot code comes into its held-back place: the marker stands there or the boot code, and all else is whole.
cut_at_the_boot_code() {
    local call
    for call in pwrite64 fdatasync; do
        old_disk
        "$REHOST" pull --all --hold-boot "$(uri source)" "$TARGET"
        kill_at "$call" 1 || return 1
        cmp -i 440 -n $((SIZE - 440)) "$SOURCE" "$TARGET" || return 1
        [ "$(head -c 4 "$TARGET" | od -An -tx1)" = " cd 18 eb fe" ] || is_whole || return 1
        pulls_whole "$SOURCE" "$(uri source)" "$TARGET" || return 1
    done
}

# The second disk of a server, with a superblock in its first sector: the mark of the complete copy lies behind its end, and is there before that.
is_marked() { [ "$(od -An -tx1 -j $((SIZE / 4096 * 4096 + 61440)) -N4 "$TARGET")" = " cd 18 eb fe" ]; }
has_superblock() { cmp -s -n 512 "$SOURCE" "$TARGET"; }
cut_at_a_mark() {
    local call nth SOURCE=$WORK/data.img
    tr '\0' D <"$WORK/source.img" >"$SOURCE"
    printf 'XFSB\0\0' | dd of="$SOURCE" conv=notrunc status=none
    dd if=/dev/zero of="$SOURCE" bs=1 seek=500 count=12 conv=notrunc status=none
    serve_qemu source -f raw -e 8 "$SOURCE"
    for call in pwrite64 fdatasync; do
        nth=0
        while rm -f "$TARGET" && truncate -s $((SIZE + 65536)) "$TARGET" && kill_at "$call" $((nth + 1)) --hold-boot; do
            nth=$((nth + 1))
            ! has_superblock || is_marked || { echo "it is complete, and not marked"; return 1; }
            pulls_whole "$SOURCE" --hold-boot "$(uri source)" "$TARGET" && is_marked || return 1
        done
        echo "cut off at $call number 1 to $nth"
        [ "$nth" -ge 6 ] && is_marked || return 1
    done
}

# The old disk has no 55AA (its bytes are shifted by one), so whatever boots has come from the source.
does_not_boot_yet() {
    [ "$(dd if="$TARGET" bs=1 skip=510 count=2 status=none | od -An -tx1)" != " 55 aa" ] || { echo "sector 0 has 55AA"; return 1; }
}

# all_of CALL LEAST: one after the other, until a pull ends as none is left; sets CALLS.
all_of() {
    local call=$1 status=0
    CALLS=0
    while cut "$call" $((CALLS + 1)) || { status=$?; false; }; do CALLS=$((CALLS + 1)); done
    echo "cut off at $call number 1 to $CALLS"
    [ "$status" -eq "$NO_SUCH_CALL" ] && [ "$CALLS" -ge "$2" ]
}
tries "cut off at each write" all_of pwrite64 8
tries "cut off at each flush" all_of fdatasync 6
FLUSHES=$CALLS
tries "cut off while the held-back boot code is put in place" cut_at_the_boot_code
tries "cut off at each write and flush of a disk that can only be marked" cut_at_a_mark
serve_qemu source -f raw -e 8 "$SOURCE"

# At the end nothing that has arrived is asked for again, not even when the journal is overwritten already. (Of so small a disk the
# thread that writes the ends makes the most flushes by far.)
old_disk
kill_at fdatasync $((FLUSHES - 1)) || true
pull --json "$(uri source)" "$TARGET" >/dev/null
tries "cut off before the first sector, nothing but the ends is asked for again" \
    test "$(json_number "$WORK/pull.out" resumed_bytes)" -ge $((SIZE - 3 * 1048576))
tap_done

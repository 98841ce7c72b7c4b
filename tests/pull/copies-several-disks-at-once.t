#!/bin/bash
# Several disks of one machine arrive together: none of them boots before all are there, and one that fails is named and keeps the others back.
set -euo pipefail
# shellcheck source=tests/pull/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
needs nbdkit nbdfuse qemu-nbd perl python3
[ -e /dev/fuse ] || skip_all "/dev/fuse is missing here"

SMALL=$((9 * 1048576)) LARGE=$((30 * 1048576))
make_source "$WORK/small.img" $SMALL
{ head -c 1048576 "$WORK/small.img"; head -c $((LARGE - 1048576)) /dev/urandom; } >"$WORK/large.img" # without holes
serve_nbdkit small file "$WORK/small.img"
serve_qemu behind -f raw -e 16 "$WORK/large.img"
link slow behind stop=$((16 * 1048576))
DISKS=("$(uri small)" "$WORK/a" "$(uri slow)" "$WORK/b")
both() { "$REHOST" pull --all --json "$@" "${DISKS[@]}" >"$WORK/both.log" 2>&1; }
of() { grep "\"event\":\"$1\"" "$WORK/both.log" | grep -c "\"target\":\"$WORK/$2\""; }
has_arrived() { grep '"event":"progress"' "$WORK/both.log" | grep "\"target\":\"$WORK/$1\"" | tail -n 1 | grep -q "\"done_bytes\":$2,"; }

start both "$REHOST" pull --all --json "${DISKS[@]}"
COPY=$SERVER
must "the first disk arrives while the second is still on its way" wait_until has_arrived a $((SMALL - 1048576 - 1048576))
tries "... and does not boot yet" does_not_boot "$WORK/a" $SMALL
stop "$LINK"
stop "$COPY"

# Lost when the first disk has arrived, as far as it may, and the second is being copied.
loses_the_second() {
    local status=0 pull
    link slow behind stop=$((12 * 1048576))
    both --patience 0 &
    pull=$!
    wait_until has_arrived a $((SMALL - 1048576 - 1048576)) && wait_until link_has_carried slow $((10 * 1048576)) || return 1
    stop "$LINK"
    wait "$pull" || status=$?
    [ "$status" -eq 1 ]
}
tries "a source that is lost fails the run" loses_the_second
tries "... and names its disk" grep -q "copy nbd.* to $WORK/b: the source was lost" "$WORK/both.log"
tries "... and the disk that it holds back" grep -q "all of $WORK/a has arrived, but it is not made to boot, as $WORK/b failed" "$WORK/both.log"
tries "... both as JSON too" test "$(of failed a) $(of failed b)" = "1 1"
tries "the disk that is held back does not boot" does_not_boot "$WORK/a" $SMALL
tries "... nor the one that failed" does_not_boot "$WORK/b" $LARGE

serve_qemu slow -f raw -e 8 "$WORK/large.img"
must "the same command goes on" both
tries "... without copying again what was there" \
    test "$(grep '"event":"done"' "$WORK/both.log" | head -n 1 | sed 's/.*"resumed_bytes":\([0-9]*\).*/\1/')" -ge $((SMALL - 3 * 1048576))
tries "... and both are whole" same_content "$WORK/small.img" "$WORK/a"
tries "... the second too" same_content "$WORK/large.img" "$WORK/b"
tries "each disk tells its progress" test "$(of progress a)" -ge 1 -a "$(of progress b)" -ge 1
tries "... and all together" grep -q '"event":"total","target":null,"total_bytes":'$((SMALL + LARGE)) "$WORK/both.log"
tries "both are reported, in their order" test "$(grep '"event":"done"' "$WORK/both.log" | sed 's/.*"target":"\([^"]*\)".*/\1/' | paste -sd' ')" = "$WORK/a $WORK/b"

# A disk that refuses the third write to its first page: by then all of the copy is there, and the disk is about to be made one that boots.
fails_at_its_end() {
    mkdir "$WORK/fuse"
    truncate -s $LARGE "$WORK/behind"
    start fuse nbdfuse "$WORK/fuse" --socket-activation nbdkit -f eval get_size="echo $LARGE" can_write='exit 0' can_flush='exit 0' flush='exit 0' \
        pread="dd if=$WORK/behind skip=\$4 count=\$3 iflag=count_bytes,skip_bytes status=none" \
        pwrite="if [ \$4 -eq 0 ]; then
                echo write >>$WORK/first-page
                [ \$(wc -l <$WORK/first-page) -lt 3 ] || { echo 'EIO no more' >&2; exit 1; }
            fi
            dd of=$WORK/behind seek=\$4 oflag=seek_bytes conv=notrunc status=none"
    CLEANUPS+=("umount -l $WORK/fuse")
    wait_until test -e "$WORK/fuse/nbd" || return 1
    rm -f "$WORK/a"
    DISKS[3]=$WORK/fuse/nbd
    ! both && grep -q "write $WORK/fuse/nbd at offset 0" "$WORK/both.log"
}
tries "a disk that fails when all has arrived is named" fails_at_its_end
tries "... and the one that the machine boots from waits for it in vain" does_not_boot "$WORK/a" $SMALL

tries "a source without a disk is a mistake" pull_says 2 'onto which DISK goes' "$(uri small)" "$WORK/a" "$(uri slow)"
tries "one disk cannot be two targets" pull_says 2 "$WORK/c cannot be the DISK of two sources" "$(uri small)" "$WORK/c" "$(uri slow)" "$WORK/c"
tap_done

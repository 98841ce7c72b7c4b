#!/bin/bash
# The second disk of a server is one XFS, whose superblock leaves no room for the marker of a complete copy: that lies in free space then, and goes with
# the boot code of the first. A mount does not make it wrong, another file system does.
set -euo pipefail
# shellcheck source=tests/used/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
needs_devices mke2fs mkfs.xfs xfs_repair xfs_admin partclone.xfs partclone.extfs

FIRST=$WORK/first SECOND=$WORK/second MIB=304
head -c 5000000 /dev/urandom >"$WORK/file"

make_first() {
    stale_disk "$WORK/system" 40
    echo 'start=1MiB, size=38MiB' | sfdisk -q "$WORK/system"
    printf 'boot code' | dd of="$WORK/system" conv=notrunc status=none
    on_loop "$WORK/system" 1 mke2fs -q -F -t ext4 -E nodiscard
}

make_second() {
    stale_disk "$WORK/data" "$MIB"
    mkfs.xfs -q -f -K "$WORK/data"
    mounted "$WORK/data" cp "$WORK/file"
}

# mounted FILE COMMAND…: with the directory as its last argument.
mounted() {
    local device status=0
    device=$(losetup -f --show "$1")
    with_mount xfs rw "${@:2}" "$device" || status=$?
    losetup -d "$device"
    return "$status"
}

both() { "$REHOST" pull --json "$@" "$(uri system)" "$FIRST" "$(uri data)" "$SECOND" >"$WORK/both.out" 2>"$WORK/both.err" || { cat "$WORK/both.err"; return 1; }; }
were_here() { grep '"event":"done"' "$WORK/both.out" | sed 's/.*"resumed_bytes":\([0-9]*\).*/\1/' | paste -sd' '; }
all_were_here() { [ "$(were_here)" = "$((40 << 20)) $((MIB << 20))" ] || { were_here; return 1; }; }
nothing_was_here() { [ "$(were_here)" = "0 0" ] || { were_here; return 1; }; }
has_mark() { [ "$(od -An -tx1 -j $(((MIB << 20) - 4096)) -N 4 "$SECOND")" = " cd 18 eb fe" ]; }
has_no_mark() { ! has_mark; }
has_the_file() { cmp "$WORK/file" "$1/file"; }
is_whole() { xfs_repair -n "$SECOND" && mounted "$SECOND" has_the_file; }
change() { echo more >"$1/more"; }
is_changed() { [ -s "$1/more" ]; }

must "a server with a second disk that is one XFS" make_first
must "... of the same size as its target" make_second
serve_nbdkit system file "$WORK/system"
serve_nbdkit data file "$WORK/data"
must "both are pulled, and wait for the fix-up" both --hold-boot
tries "the second is marked, in free space" has_mark
tries "... and is whole" is_whole
must "a second run" both --hold-boot
tries "... copies nothing of either again" all_were_here
must "the second is changed, as by the fix-up" mounted "$SECOND" change
must "a third run" both --hold-boot
tries "... copies nothing of either again" all_were_here
must "without --hold-boot" both
tries "... nothing is copied again either" all_were_here
tries "... no mark is left" has_no_mark
tries "... and what the fix-up changed is there" mounted "$SECOND" is_changed

must "both are pulled once more" both --hold-boot
must "the file system of the second becomes another one" xfs_admin -U generate "$SECOND"
tries "... which leaves the mark where it was" has_mark
must "a run after that" both --hold-boot
tries "... copies both anew" nothing_was_here
tries "... and the second is whole" is_whole
tap_done

#!/bin/bash
# A disk of Xen's without a partition table, with one file system from its first byte on, lands in partition 1 of a new table, byte for byte; by a map
# of what is in use, verified, and cut off in between, too.
set -euo pipefail
# shellcheck source=tests/pull/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
needs nbdkit qemu-nbd perl sfdisk mke2fs e2fsck partclone.ext3
[ -r /usr/lib/syslinux/mbr/mbr.bin ] || skip_all "syslinux-common is missing here"

SOURCE=$WORK/source.img
TARGET=$WORK/target.img
SIZE=$((60 * 1048576))
MIB=1048576
mkdir "$WORK/tree"
head -c 20000000 /dev/urandom >"$WORK/tree/data"
truncate -s "$SIZE" "$SOURCE"
mke2fs -q -F -t ext3 -d "$WORK/tree" "$SOURCE"
serve_nbdkit source file "$SOURCE"

# lies_at_1_mib TARGET: and nothing of it is missing.
lies_at_1_mib() { cmp -i "0:$MIB" -n "$SIZE" "$SOURCE" "$1"; }
pulls() { pull_says 0 'received' --into-partition "$@" && lies_at_1_mib "${@: -1}"; }

# table_of DISK: start, size, type, and whether it is active.
table_of() { sfdisk --dump "$1" | sed -n 's/.*start= *\([0-9]*\), size= *\([0-9]*\), type=\([0-9]*\)\(, bootable\)*/\1 \2 \3\4/p'; }
has_table() { [ "$(table_of "$1")" = "2048 $((SIZE / 512)) 83, bootable" ] || { sfdisk --dump "$1"; return 1; }; }

# pulls_in_use TARGET: without --all, so that the map of the file system is used.
pulls_in_use() {
    "$REHOST" pull --into-partition --verify --json "$(uri source)" "$1" >"$WORK/pull.out" 2>&1 || { cat "$WORK/pull.out"; return 1; }
    dd if="$1" of="$WORK/fs" bs=1M skip=1 status=none
    e2fsck -fn "$WORK/fs" && debugfs -R 'dump data '"$WORK/data" "$WORK/fs" && cmp "$WORK/tree/data" "$WORK/data"
}

# sha256_is_of FILE: what --verify told of the whole, whose free space reads as zeroes.
sha256_is_of() { [ "$(tail -n 1 "$WORK/pull.out" | sed -n 's/.*"sha256":"\([0-9a-f]*\)".*/\1/p')" = "$(sha256sum "$1" | cut -d ' ' -f 1)" ]; }

journal_is_saved() { [ -e "$1" ] && ! cmp -s -i 4096:0 -n 64 "$1" /dev/zero; }

tries "the file system stands at 1 MiB" pulls "$(uri source)" "$TARGET"
tries "... in an active partition of its size" has_table "$TARGET"
tries "... behind boot code that starts it" cmp -n 440 /usr/lib/syslinux/mbr/mbr.bin "$TARGET"
tries "a copy of what is in use holds every file, and is verified" pulls_in_use "$WORK/in-use.img"
tries "... with the digest of the whole" sha256_is_of "$WORK/in-use.img"
tries "... and leaves free space out" test "$(json_number "$WORK/pull.out" free_bytes)" -gt 20000000

tries "with --hold-boot it does not boot yet" pull_says 0 'held back' --into-partition --hold-boot --restart "$(uri source)" "$TARGET"
tries "... but is whole" lies_at_1_mib "$TARGET"
tries "... and a run without it lets it go" pulls "$(uri source)" "$TARGET"
tries "... to the boot code of the table" cmp -n 440 /usr/lib/syslinux/mbr/mbr.bin "$TARGET"

truncate -s "$SIZE" "$WORK/small.img"
tries "a target without room for the table is refused" pull_says 1 'is too small' --into-partition "$(uri source)" "$WORK/small.img"
tries "... and left alone" cmp -n "$SIZE" /dev/zero "$WORK/small.img"

# Killed once the journal was written for the second time, which is when its first slot is used.
serve_slow slow "$SOURCE" 2000000
start cut "$REHOST" pull --all --into-partition --connections 1 --request-size 65536 "$(uri slow)" "$WORK/cut.img"
must "a copy is begun" wait_until journal_is_saved "$WORK/cut.img"
stop "$SERVER"
tries "cut off, it does not boot" does_not_boot "$WORK/cut.img" $((SIZE + MIB))
tries "... and goes on" pulls --json "$(uri source)" "$WORK/cut.img"
tries "... where it was" test "$(json_number "$WORK/pull.out" resumed_bytes)" -gt 0
tries "... to a whole disk" has_table "$WORK/cut.img"
tap_done

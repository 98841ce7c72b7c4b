#!/bin/bash
# A server with /srv on a second disk that is one XFS, in whose first sector nothing can be held back: cut off in the fix-up, neither disk is copied again,
# and the move comes to its end although the superblock has been written by then.
# shellcheck source=tests/vm/lib/namespace.sh
. "$(dirname "$0")/../vm/lib/namespace.sh"
# shellcheck source=tests/run/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

real_server
for tool in debugfs mkfs.xfs xfs_repair losetup; do command -v "$tool" >/dev/null || skip_all "$tool is not installed"; done
START=1048576 # of the first partition of the system's disk
SRV=$WORK/mount

# with_srv FILE COMMAND…
with_srv() {
    local device status=0
    mkdir -p "$SRV"
    device=$(losetup -f --show "$1")
    mount -t xfs "$device" "$SRV" && "${@:2}" || status=$?
    umount "$SRV" && losetup -d "$device" && return "$status"
}

srv_disk() {
    blank_image "$1" 304M
    head -c 40000000 /dev/urandom >"$WORK/data"
    mkfs.xfs -q -f "$1" && with_srv "$1" cp "$WORK/data" "$SRV"
}

# edit_fstab IMAGE LINE: in its first partition, as an administrator would have.
edit_fstab() {
    debugfs -R 'cat /etc/fstab' "$1?offset=$START" 2>/dev/null >"$WORK/fstab"
    echo "$2" >>"$WORK/fstab"
    printf '%s\n' 'rm /etc/fstab' "write $WORK/fstab /etc/fstab" 'set_inode_field /etc/fstab mode 0100644' | debugfs -w -f - "$1?offset=$START" >/dev/null 2>&1
}

is_in_the_fix() { [ -s "$DOCUMENT" ] && [ "$(field 's["stage"]')" = fix ]; }

cut_off_in_the_fix() {
    "$REHOST" run "${move[@]}" >"$SHOWN" 2>&1 </dev/null &
    local pid=$!
    wait_until is_in_the_fix || { kill -KILL "$pid"; cat "$SHOWN"; return 1; }
    kill -KILL "$pid"
    wait "$pid" || true
}

is_whole() { xfs_repair -n "$WORK/second" && with_srv "$WORK/second" cmp "$WORK/data" "$SRV/data"; }
mounts_srv_by_uuid() { debugfs -R 'cat /etc/fstab' "$WORK/system?offset=$START" 2>/dev/null | grep "^UUID=$(blkid -p -o value -s UUID "$WORK/srv.img")[[:space:]]*/srv xfs"; }

cp --sparse=always "$IMAGE" "$WORK/source"
edit_fstab "$WORK/source" "/dev/sdb /srv xfs defaults 0 0"
must "a disk for /srv" srv_disk "$WORK/srv.img"
source_start "$WORK/source"
SYSTEM=$SOURCE
source_start "$WORK/srv.img"
old_disk "$WORK/system" 3200M
old_disk "$WORK/second" 304M
job "source=$SYSTEM" "disk=$WORK/system" "source2=$SOURCE" "disk2=$WORK/second" confirm=yes
move=(--job "$JOB" --hardware "$HARDWARE" --status "$DOCUMENT")

must "a move is cut off in the fix-up" cut_off_in_the_fix
tries "the system's disk does not boot" other_boot_code "$WORK/source" "$WORK/system"
must "something is written to /srv, as the fix-up may have" with_srv "$WORK/second" touch "$SRV/touched"
tries "the same job goes on to its end" runs 0 -- "${move[@]}"
tries "... without copying the system again" shows "$WORK/system: nothing had to be copied"
tries "... nor /srv" shows "$WORK/second: nothing had to be copied"
tries "what is on the second disk is whole" is_whole
tries "the moved system mounts it by UUID" mounts_srv_by_uuid
tries "it has its boot code" same_boot_code "$WORK/source" "$WORK/system"
tap_done

#!/bin/bash
# A real Debian whose /var is on another disk, by the name that the old machine gave it: plan, fix, prove and undo take both.
set -euo pipefail
# shellcheck source=tests/fix/lib/fix.sh
. "$(dirname "$0")/lib/fix.sh"
for tool in debugfs mke2fs sfdisk python3; do command -v "$tool" >/dev/null || skip_all "$tool is not installed"; done
needs_guest debian12
SECOND=$WORK/second

# shellcheck disable=SC2329  # called through mounted
move_var_away() {
    mv "$MOUNT/var" "$WORK/var"
    mkdir "$MOUNT/var"
    echo '/dev/sdb1 /var ext4 defaults 0 2' >>"$MOUNT/etc/fstab"
}
mounted rw move_var_away
truncate -s 600M "$SECOND"
echo 'start=2048, type=83' | sfdisk -q "$SECOND"
mke2fs -q -F -t ext4 -d "$WORK/var" -E "offset=$ROOT_OFFSET" "$SECOND" 599M
rm -rf "${WORK:?}/var"
remember before

# rehost COMMAND [OPTION]…: with both disks.
rehost() { "$REHOST" "$@" "$WORK/disk" "$SECOND"; }
for_machine() { local command=$1; shift; rehost "$command" --hardware "$MACHINE" "$@"; }
on_second() { debugfs -R "ls -p $1" "$SECOND?offset=$ROOT_OFFSET" 2>/dev/null | cut -d / -f 6; }
# shellcheck disable=SC2329  # called through mounted
names_var_by_uuid() { grep -q "^UUID=$(blkid -p -o value -s UUID -O "$ROOT_OFFSET" "$SECOND")[[:space:]]*/var ext4" "$MOUNT/etc/fstab"; }
var_is_mounted() { rehost inspect --json | python3 -c 'import json, sys; print([p["mount_point"] for d in json.load(sys.stdin)["other_disks"] for p in d["partitions"]])' | grep -F "['/var']"; }

tries "the first disk alone is not changed: its /var is missing" ends_with 1 "mount the guest's /var (/dev/sdb1 in its fstab)" fix
tries "a disk that is named twice is a mistake" ends_with 1 "$WORK/disk is named twice" "$REHOST" plan "$WORK/disk" "$WORK/disk"
tries "... by whatever names" ends_with 1 "is named twice" "$REHOST" fix "$WORK/disk" "$WORK/../$(basename "$WORK")/disk"
tries "a directory is no disk of a server" ends_with 1 "$WORK is a directory, and a directory is a whole system" "$REHOST" plan "$WORK/disk" "$WORK"
tries "of both, /var is found by the order of the disks" var_is_mounted
tries "the plan of both has no blocker" ends_with 0 'write /etc/fstab' for_machine plan
tries "before the fix the boot chain is broken" ends_with 3 'BROKEN' for_machine prove
tries "both are fixed" ends_with 0 'Done: planned anew, nothing is left to be changed.' for_machine fix
tries "/var is mounted by UUID" mounted ro,noload names_var_by_uuid
tries "what can be taken back is kept on the second disk" test "$(on_second /lib/rehost/undo | grep -x 1)" = 1
tries "every link of the chain holds" ends_with 0 'Every link holds' for_machine prove
tries "the fix is taken back" ends_with 0 'The last fix was taken back.' rehost fix --undo
remember after
tries "every file is as it was" same before after
tap_done

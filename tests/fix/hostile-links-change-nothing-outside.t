#!/bin/bash
# A guest whose files are links out of its root: refused by name, and nothing of this machine is read or written.
set -euo pipefail
# shellcheck source=tests/fix/lib/fix.sh
. "$(dirname "$0")/lib/fix.sh"
needs_guest debian12
mkdir "$WORK/outside"
echo secret >"$WORK/outside/modules"

hostile_files() {
    ln -sfn /proc/self/environ "$MOUNT/etc/fstab"
    ln -sfn ../../../../../../../../../proc/self/environ "$MOUNT/etc/default/grub"
    rm -r "$MOUNT/etc/initramfs-tools"
    ln -sfn "$WORK/outside" "$MOUNT/etc/initramfs-tools"
}
hostile_mount_points() {
    rmdir "$MOUNT/proc" "$MOUNT/sys"
    ln -sfn "$WORK/outside" "$MOUNT/proc"
    ln -sfn /etc "$MOUNT/sys"
}
outside_is_untouched() { [ "$(ls -A "$WORK/outside")" = modules ] && [ "$(cat "$WORK/outside/modules")" = secret ]; }
says_nothing_of_us() { ! grep -F "REHOST_SECRET" "$WORK/said"; }

cp --sparse=always "$WORK/disk" "$WORK/plain"
mounted rw hostile_files
export REHOST_SECRET=ours
remember hostile
tries "hostile files are blockers" ends_with 3 "/etc/fstab is a symbolic link to /proc/self/environ" fix
tries "the link of the defaults is named" grep -qF "/etc/default/grub is a symbolic link" "$WORK/said"
tries "the link of the directory is named" grep -qF "/etc/initramfs-tools is a symbolic link" "$WORK/said"
tries "our environment is not read as the guest's fstab" says_nothing_of_us
remember still-hostile
tries "nothing was changed in the guest" same hostile still-hostile
tries "nothing was changed outside" outside_is_untouched

mv "$WORK/plain" "$WORK/disk"
mounted rw hostile_mount_points
remember hostile
tries "a /proc that is a link is refused before a program runs" ends_with 1 "/proc" fix
remember still-hostile
tries "what had been changed was put back" same hostile still-hostile
tries "nothing was changed outside" outside_is_untouched
tap_done

#!/bin/bash
# The guest's own update-initramfs and update-grub run in the sealed chroot; a second fix finds nothing to do; undo brings every byte back.
set -euo pipefail
# shellcheck source=tests/fix/lib/fix.sh
. "$(dirname "$0")/lib/fix.sh"
needs_guest "${GUEST:-debian12}"

no_mount_is_left() { ! grep -F "$WORK" /proc/self/mountinfo; }

remember before
tries "the initrd lacks virtio_blk at first" lacks_virtio
tries "a dry run shows the lines that would change" ends_with 0 "+UUID=" fix --dry-run
remember after-dry-run
tries "a dry run changes nothing" same before after-dry-run
must "the fix is carried out, and planned anew nothing is left" ends_with 0 "nothing is left to be changed" fix
tries "the initrd holds virtio_blk" holds_virtio
tries "GRUB names the root by UUID" seen "root=UUID="
tries "fstab names the root by UUID" seen "fstab     UUID="
tries "lan0 is bound to the new card" seen "lan0, MAC 52:54:00:bb:00:01"
remember fixed
tries "a second fix has nothing to change" ends_with 0 "nothing has to be changed" fix
remember fixed-again
tries "a second fix changes nothing" same fixed fixed-again
tries "no mount is left in this machine" no_mount_is_left
tries "the fix is taken back" ends_with 0 "taken back" fix --undo
remember undone
tries "every file is as it was, with its mode, owner and time" same before undone
tries "there is nothing more to take back" ends_with 1 "nothing to take back" fix --undo

# Of a directory nobody knows which disk is below it, and the guest's own grub-mkconfig would write an empty menu.
plan_of_directory() { "$REHOST" plan --hardware "$MACHINE" "$MOUNT" >"$WORK/said"; }
must "a directory that is its root can be planned for" mounted ro,noload plan_of_directory
tries "... the initrd is made anew" grep -qF "run update-initramfs" "$WORK/said"
tries "... and the menu is left as it is, which is said" grep -q 'grub.cfg stays as it is: update-grub needs the disk' "$WORK/said"
tries "... and not written" sh -c "! grep -q 'run update-grub' '$WORK/said'"

# shellcheck disable=SC2329  # called through mounted
forget_entries() { printf '#!/bin/sh\necho "set timeout=5" >/boot/grub/grub.cfg\n' >"$MOUNT/usr/sbin/update-grub"; }
mounted rw forget_entries
remember forgetful
tries "an update-grub that writes an empty menu fails the fix" ends_with 1 "left /boot/grub/grub.cfg without an entry that starts a kernel" fix
remember undone
tries "... which is taken back at once" same forgetful undone
tap_done

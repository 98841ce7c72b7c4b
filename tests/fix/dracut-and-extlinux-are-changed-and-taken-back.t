#!/bin/bash
# A Debian without GRUB and initramfs-tools: its own dracut runs in the sealed chroot, and extlinux's files are changed; undo brings every byte back.
set -euo pipefail
# shellcheck source=tests/fix/lib/fix.sh
. "$(dirname "$0")/lib/fix.sh"
needs_guest extlinux

prove() { "$REHOST" prove --hardware "$MACHINE" "$WORK/disk"; }

remember before
tries "it is a guest of extlinux" seen "extlinux, /boot/extlinux/extlinux.conf, boots"
tries "the initrd lacks virtio_blk at first" lacks_virtio
tries "before the fix the chain is broken" ends_with 3 "BROKEN" prove
must "the fix is carried out, and planned anew nothing is left" ends_with 0 "nothing is left to be changed" fix
tries "the initrd that dracut made holds virtio_blk" holds_virtio
tries "extlinux names the root by UUID" seen "root=UUID="
tries "every link of the chain holds, the first sector of the partition too" ends_with 0 "and extlinux in that one's first sector" prove
tries "a second fix has nothing to change" ends_with 0 "nothing has to be changed" fix
tries "the fix is taken back" ends_with 0 "taken back" fix --undo
remember undone
tries "every file is as it was, with its mode, owner and time" same before undone
tap_done

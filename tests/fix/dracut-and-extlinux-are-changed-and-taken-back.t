#!/bin/bash
# A Debian without GRUB and initramfs-tools: its own dracut runs in the sealed chroot, and extlinux's files are changed; undo brings every byte back.
set -euo pipefail
# shellcheck source=tests/fix/lib/fix.sh
. "$(dirname "$0")/lib/fix.sh"
needs_guest extlinux

prove() { "$REHOST" prove --hardware "$MACHINE" "$WORK/disk"; }

remember before
tries "it is a guest of extlinux" seen "extlinux, /boot/extlinux/extlinux.conf, boots"
tries "the initrd holds what it came with, virtio_blk" holds_virtio
tries "... and not the driver of LSI's controllers" lacks sym53c8xx
tries "before the fix the chain is broken" ends_with 3 "BROKEN" prove
must "the fix is carried out for virtio, and planned anew nothing is left" ends_with 0 "nothing is left to be changed" fix
tries "the initrd that dracut made, without a machine to look at, still holds virtio_blk" holds_virtio
tries "extlinux names the root by UUID" seen "root=UUID="
tries "every link of the chain holds, the first sector of the partition too" ends_with 0 "and extlinux in that one's first sector" prove
tries "a second fix has nothing to change" ends_with 0 "nothing has to be changed" fix
tries "the fix is taken back" ends_with 0 "taken back" fix --undo
remember undone
tries "every file is as it was, with its mode, owner and time" same before undone

MACHINE=$TOP/tests/hardware/qemu-lsi-e1000.json
tries "before the fix the initrd lacks the driver of LSI's controller" ends_with 3 "sym53c8xx" prove
must "the fix is carried out for that controller, too" ends_with 0 "nothing is left to be changed" fix
tries "the initrd that dracut made holds its driver" holds sym53c8xx
tries "every link of the chain holds" ends_with 0 "Every link holds" prove
tap_done

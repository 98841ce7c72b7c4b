#!/bin/bash
# A guest of Xen without a partition table and without a boot loader, once the pull has put it into a partition: extlinux starts what pygrub started, the
# guest's own kernel updates reach its menu, and all of it can be taken back.
set -euo pipefail
# shellcheck source=tests/fix/lib/fix.sh
. "$(dirname "$0")/lib/fix.sh"
needs_guest xen
for program in extlinux qemu-nbd; do
    command -v "$program" >/dev/null || skip_all "$program is not installed"
done
[ -r /usr/lib/syslinux/mbr/mbr.bin ] || skip_all "syslinux-common is not installed"

CONFIG=/boot/extlinux/extlinux.conf

pull_into_a_partition() {
    local status=0
    mv "$WORK/disk" "$WORK/source"
    qemu-nbd --read-only --persistent --shared=8 --fork --pid-file="$WORK/nbd.pid" --socket="$WORK/nbd.sock" --format=raw "$WORK/source"
    "$REHOST" pull --into-partition "nbd+unix:///?socket=$WORK/nbd.sock" "$WORK/disk" || status=$?
    kill "$(cat "$WORK/nbd.pid")"
    return "$status"
}
proves() { "$REHOST" prove --hardware "$MACHINE" "$WORK/disk" | tee "$WORK/said" | grep 'Every link holds' || { cat "$WORK/said"; return 1; }; }
config() { mounted ro,noload cat "$MOUNT$CONFIG"; }
begins_with_extlinux() { dd if="$WORK/disk" bs=512 skip=2048 count=1 status=none | grep -aq SYSLINUX; }

# kernel_came: what dpkg runs when it has installed the kernel.
run_hook() {
    local images=("$MOUNT"/boot/vmlinuz-*)
    chroot "$MOUNT" /etc/kernel/postinst.d/zz-rehost-extlinux "${images[0]##*/vmlinuz-}"
}
kernel_came() { mounted rw run_hook; }
default_label_boots() {
    local label
    label=$(config | sed -n 's/^DEFAULT //p')
    config | grep -A 3 "^LABEL $label$" | tee "$WORK/label"
    grep -q "LINUX /boot/vmlinuz-$label" "$WORK/label" && grep -q "INITRD /boot/initrd.img-$label" "$WORK/label" && grep -q 'APPEND root=UUID=' "$WORK/label"
}

must "the pull puts it into a partition" pull_into_a_partition
remember before
must "the fix is carried out, and planned anew nothing is left" ends_with 0 "nothing is left to be changed" fix
tries "every link of the boot chain holds" proves
tries "extlinux stands in the partition's first sector" begins_with_extlinux
tries "the console of Xen is the screen now" test -z "$(config | grep hvc0)"
tries "a second fix has nothing to change" ends_with 0 "nothing has to be changed" fix
tries "the guest's own hook for kernels runs" kernel_came
tries "... and the kernel that came is the default, with its initrd and the same root" default_label_boots
tries "... and every link still holds" proves
tries "... and there is still nothing to change" ends_with 0 "nothing has to be changed" fix
tries "the fix is taken back" ends_with 0 "taken back" fix --undo
remember undone
tries "every file is as it was" same before undone
tap_done

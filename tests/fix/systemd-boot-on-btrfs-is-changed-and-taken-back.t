#!/bin/bash
# A Debian with systemd-boot, its root a subvolume of a btrfs: update-initramfs runs in the sealed chroot, and the guest's own kernel-install lays the
# new initrd onto the EFI system partition, from where it boots; undo brings that back as well. Then the same with the btrfs on two disks.
set -euo pipefail
# shellcheck source=tests/fix/lib/fix.sh
. "$(dirname "$0")/lib/fix.sh"
for tool in mcopy mke2fs; do command -v "$tool" >/dev/null || skip_all "$tool is not installed"; done
grep -qw btrfs /proc/filesystems || modprobe btrfs 2>/dev/null || skip_all "this kernel has no btrfs"
needs_guest systemd-boot
MACHINE=$TOP/tests/hardware/qemu-q35-uefi.json
ESP_MIB=200
ROOT_OFFSET=$(((1 + ESP_MIB) << 20))
ESP_UUID=5c1aab1e-0000-4000-8000-000000000001

# Not every kernel that runs tests knows FAT, so the files of the EFI system partition are put on an ext4: that it is none is the one link that breaks.
exchange_esp() {
    dd if="$WORK/disk" of="$WORK/esp" bs=1M skip=1 count="$ESP_MIB" status=none
    mkdir "$WORK/files"
    mcopy -s -Q -n -i "$WORK/esp" ::/ "$WORK/files/"
    mke2fs -q -F -t ext4 -U "$ESP_UUID" -d "$WORK/files" -E offset=1048576,nodiscard "$WORK/disk" "${ESP_MIB}M"
    mounted subvol=@rootfs sed -i "s|^UUID=[-0-9A-F]* /boot/efi vfat umask=0077|UUID=$ESP_UUID /boot/efi ext4 defaults|" "$MOUNT/etc/fstab"
}
proof() { "$REHOST" prove --hardware "$MACHINE" "$WORK/disk"; }
only_the_firmware_is_broken() { proof >"$WORK/proof" || true; [ "$(grep -c BROKEN "$WORK/proof")" -eq 1 ] && grep -E '^firmware +BROKEN .*holds no FAT' "$WORK/proof"; }
entry() { debugfs -R "cat /loader/entries/$1" "$WORK/disk?offset=1048576" 2>/dev/null; }
entry_is_sound() {
    local name
    name=$(basename "$WORK"/files/loader/entries/*.conf)
    entry "$name"
    entry "$name" | diff "$WORK/files/loader/entries/$name" -
}

builder_does_nothing() {
    mv "$MOUNT/usr/sbin/update-initramfs" "$MOUNT/usr/sbin/update-initramfs.real"
    printf '#!/bin/sh\n' >"$MOUNT/usr/sbin/update-initramfs"
    chmod 755 "$MOUNT/usr/sbin/update-initramfs"
}
builder_works_again() { mv "$MOUNT/usr/sbin/update-initramfs.real" "$MOUNT/usr/sbin/update-initramfs"; }

# A second disk, for a second copy of everything, as an administrator adds it.
onto_two_disks() {
    local first second status=0
    wait_detached
    truncate -s 4G "$WORK/second"
    first=$(losetup --find --show --offset "$ROOT_OFFSET" "$WORK/disk") second=$(losetup --find --show "$WORK/second")
    # shellcheck disable=SC2016 # for the inner shell
    unshare --mount --propagation private sh -euc 'mount "$1" "$3"; btrfs -q device add -f "$2" "$3"; btrfs -q balance start -dconvert=raid1 -mconvert=raid1 "$3"' \
        onto_two_disks "$first" "$second" "$MOUNT" || status=$?
    btrfs device scan --forget "$first" "$second" || status=$?
    losetup --detach "$first" "$second"
    wait_detached
    return "$status"
}
on_both() { local command=$1; shift; "$REHOST" "$command" --hardware "$MACHINE" "$@" "$WORK/disk" "$WORK/second"; }
both_are_proved() { on_both prove >"$WORK/proof" || true; cat "$WORK/proof"; [ "$(grep -c BROKEN "$WORK/proof")" -eq 1 ] && grep -E '^volumes +ok .* over several devices together' "$WORK/proof"; }

must "the guest is made ready" exchange_esp
tries "it is a guest of systemd-boot" seen "systemd-boot, /boot/efi/loader/loader.conf, boots"
tries "its root is found in its subvolume" ends_with 3 "its subvolume @rootfs" proof
tries "the initrd on the EFI system partition lacks the driver" ends_with 3 "/boot/efi/0d3c5c1ab7e94f5d8f1e2a3b4c5d6e7f/6." proof
tries "... which breaks the chain" grep -E '^disk driver +BROKEN .*ahci' "$WORK/said"
must "the fix is carried out, and planned anew nothing is left" ends_with 0 "nothing is left to be changed" fix
tries "the copy that boots was made anew: every link holds but the firmware's" only_the_firmware_is_broken
tries "the menu entry is what it was" entry_is_sound
tries "a second fix has nothing to change" ends_with 0 "nothing has to be changed" fix
tries "the fix is taken back" ends_with 0 "taken back" fix --undo
tries "the copy that boots is the old one again" ends_with 3 "lacks what /dev/sda of this machine needs: " proof

mounted subvol=@rootfs builder_does_nothing
must "where the copy is not made anew, the drivers are appended to it" ends_with 0 "nothing is left to be changed" fix
tries "... with a warning that names it" grep -q '^warning: what /boot/efi/0d3c.*left drivers out of /boot/efi/0d3c' "$WORK/said"
tries "every link holds but the firmware's" only_the_firmware_is_broken
tries "a second fix has nothing to change" ends_with 0 "nothing has to be changed" fix
tries "the fix is taken back" ends_with 0 "taken back" fix --undo
tries "the copy that boots is the old one again" ends_with 3 "lacks what /dev/sda of this machine needs: " proof
mounted subvol=@rootfs builder_works_again

must "a second disk is added, and everything is on both" onto_two_disks
tries "one of them alone is not changed" ends_with 3 "it is a btrfs over 2 devices, and only 1 of them is on these disks" fix
must "both together are fixed, and planned anew nothing is left" ends_with 0 "nothing is left to be changed" on_both fix
tries "the initrd puts both together, and every link holds but the firmware's" both_are_proved
tries "the menu entry is still what it was" entry_is_sound
tries "the fix of both is taken back" ends_with 0 "taken back" on_both fix --undo
tries "the copy that boots is the old one once more" ends_with 3 "lacks what /dev/sda of this machine needs: " on_both prove
tap_done

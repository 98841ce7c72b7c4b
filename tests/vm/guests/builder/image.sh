# shellcheck shell=bash disable=SC2154  # $ext4_features, $layout and $loader are set by GUEST.guest
# From a root directory to a bootable disk; a loop device is needed for extlinux alone.

DISK_SIZE=3G
PARTITION_START=2048
DISK_SIGNATURE=0x5ca1ab1e

# guest_chroot ROOT SCRIPT: runs a script in the root, in a mount namespace of its own, so that no mount stays behind. Its /dev is
# not the builder's: update-grub looks there for the root's UUID.
guest_chroot() {
    cp "$2" "$1/tmp/inside.sh"
    # shellcheck disable=SC2016  # for the inner shell
    unshare --mount --propagation private sh -euc '
        mount -t proc proc "$1/proc"
        mount -t sysfs -o ro sysfs "$1/sys"
        mount -t tmpfs dev "$1/dev"
        for node in null zero full random urandom tty; do cp -a "/dev/$node" "$1/dev/"; done
        ln -s /proc/self/fd "$1/dev/fd"
        mkdir -p "$1/dev/disk/by-uuid"
        ln -s ../../null "$1/dev/disk/by-uuid/$2"
        chroot "$1" sh /tmp/inside.sh' guest_chroot "$1" "$ROOT_UUID" </dev/null >"$1.log" 2>&1 || { cat "$1.log" >&2; return 1; }
}

# image_make ROOT IMAGE: what the guest's layout makes of the disk, and the loader's boot code; for pygrub an ext3 on the whole disk and nothing else.
image_make() {
    truncate -s "$DISK_SIZE" "$2"
    if [ "$loader" = pygrub ]; then
        mke2fs -q -F -t ext3 -U "$ROOT_UUID" -d "$1" -E nodiscard "$2"
        return
    fi
    "layout_$layout" "$1" "$2"
    "image_$loader" "$1" "$2"
}

# layout_plain ROOT IMAGE: MBR, one partition with ext4.
layout_plain() {
    image_partition "$2"
    image_fill "$1" "$2"
}

image_partition() {
    sfdisk --quiet "$1" <<-EOF
	label: dos
	label-id: $DISK_SIGNATURE
	start=$PARTITION_START, type=83, bootable
	EOF
}

# The features are named: those that mke2fs gives by default differ between the releases of the guest and of the builder.
image_fill() {
    local bytes
    bytes=$(($(stat -c %s "$2") - PARTITION_START * 512))
    mke2fs -q -F -t "${root_type:-ext4}" -O "$ext4_features" -U "$ROOT_UUID" -d "$1" -E "offset=$((PARTITION_START * 512)),nodiscard" "$2" "$((bytes / 1024))k"
}

# As grub-install leaves it: the first 440 bytes, and core.img behind the partition table. boot.img as it comes looks for core.img
# in sector 1 of the disk it was started from, and grub-mkimage has put into core.img how long it is.
image_grub() {
    local files=$1/boot/grub/i386-pc
    if [ -d "$1.boot" ]; then files=$1.boot/grub/i386-pc; fi # it has a partition of its own
    dd if="$files/boot.img" of="$2" bs=440 count=1 conv=notrunc status=none
    dd if="$files/core.img" of="$2" bs=512 seek=1 conv=notrunc status=none
    [ "$(stat -c %s "$files/core.img")" -le $(((PARTITION_START - 1) * 512)) ]
}

# The guest's own GRUB legacy, to which the image is its first disk.
image_grub1() {
    # shellcheck disable=SC2016  # for the inner shell
    unshare --mount --propagation private sh -euc '
        : >"$1/tmp/disk"
        mount --bind "$2" "$1/tmp/disk"
        printf "%s\n" "device (hd0) /tmp/disk" "root (hd0,0)" "setup (hd0)" quit | chroot "$1" grub --batch --no-floppy --device-map=/dev/null' \
        image_grub1 "$1" "$2" >"$1.log" 2>&1 || { cat "$1.log" >&2; return 1; }
    grep -q succeeded "$1.log" || { cat "$1.log" >&2; return 1; }
}

# extlinux writes down the blocks of its own file, so it wants to see the file system mounted.
image_extlinux() {
    dd if="$1/usr/lib/syslinux/mbr/mbr.bin" of="$2" bs=440 count=1 conv=notrunc status=none
    # shellcheck disable=SC2016  # for the inner shell
    unshare --mount --propagation private sh -euc '
        loop=$(losetup --find --show --offset "$3" "$2")
        trap "umount -R $1; losetup --detach $loop" EXIT
        mount "$loop" "$1"
        mount -t proc proc "$1/proc"
        mount -t tmpfs dev "$1/dev"
        cp -a "$loop" "$1/dev/"
        chroot "$1" extlinux --device="$loop" --install /boot/extlinux' image_extlinux "$1" "$2" $((PARTITION_START * 512)) >"$1.log" 2>&1 || { cat "$1.log" >&2; return 1; }
}

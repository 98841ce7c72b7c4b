# shellcheck shell=bash disable=SC2034,SC2154  # read by layout/*.sh; $ext4_features is set by GUEST.guest
# What the layouts share whose root lies inside of something else. Made without a device-mapper: its place on the disk is known, so it is filled
# through a loop device there.

BOOT_SECTORS=614400 # of the partition that has /boot, where there is one

# on_range IMAGE OFFSET SIZE FUNCTION [ARGUMENT]…: calls it with a loop device over these bytes as its last argument.
on_range() {
    local image=$1 offset=$2 size=$3 device status=0
    shift 3
    device=$(losetup --find --show --offset "$offset" --sizelimit "$size" "$image")
    "$@" "$device" || status=$?
    losetup --detach "$device"
    return "$status"
}

# fill_from DIRECTORY DEVICE: its file system gets what is in the directory.
fill_from() {
    mkdir -p "$1.mount"
    # shellcheck disable=SC2016  # for the inner shell
    unshare --mount --propagation private sh -euc 'mount "$1" "$2.mount"; cp -a --one-file-system "$2/." "$2.mount/"; umount "$2.mount"' fill_from "$2" "$1"
    rmdir "$1.mount"
}

# make_boot IMAGE ROOT FIRST-SECTOR SECTORS: a partition of its own for what is in /boot, which then leaves the root.
make_boot() {
    mv "$2/boot" "$2.boot"
    mkdir "$2/boot"
    mke2fs -q -F -t "${boot_type:-ext4}" -O "$ext4_features" -U "$boot_uuid" -d "$2.boot" -E "offset=$(($3 * 512)),nodiscard" "$1" "$(($4 / 2))k"
}

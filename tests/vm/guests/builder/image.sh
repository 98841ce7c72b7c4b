# shellcheck shell=bash disable=SC2154  # $ext4_features, $layout and $loader are set by GUEST.guest
# From a root directory to a bootable disk.

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

# image_make ROOT IMAGE: what the guest's layout makes of the disk, and the loader's boot code.
image_make() {
    truncate -s "$DISK_SIZE" "$2"
    "layout_$layout" "$1" "$2"
    "image_$loader" "$1" "$2"
}

# image_partition IMAGE: one partition over all of it.
image_partition() {
    sfdisk --quiet "$1" <<-EOF
	label: dos
	label-id: $DISK_SIGNATURE
	start=$PARTITION_START, type=83, bootable
	EOF
}


# shellcheck shell=bash disable=SC2034,SC2154  # sourced by build: what it sets is read there, and what it reads is set by GUEST.guest
# extlinux, with dracut. A loop device is needed.

loader_packages=extlinux,syslinux-common,dracut

# The labels stand in a file of their own, as Debian 7's extlinux-update wrote them.
settings_extlinux() {
    put "$1" /boot/extlinux/extlinux.conf <<-EOF
	default l0
	prompt 0
	timeout 10
	include linux.cfg
	EOF
    put "$1" /etc/dracut.conf.d/10-source.conf <<-EOF
	hostonly="yes"
	hostonly_cmdline="no"
	EOF
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

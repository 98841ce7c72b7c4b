#!/bin/sh
# Runs inside the root of a guest with dracut and extlinux while its disk is built, and does what its installation on the source
# machine did. The boot code is written to the disk by image.sh.
set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin

# host_only_initramfs: in its host-only mode dracut asks /sys, which is that of another machine here. The source machine's answer is
# given instead; the module qemu would add virtio's drivers all the same.
host_only_initramfs() {
    dracut --quiet --force --no-hostonly --drivers "$(tr '\n' ' ' </tmp/source-modules)" --omit "plymouth qemu qemu-net" "$1" "$2"
}

# check_initramfs: the guest must fail on other hardware, or the tests would say nothing.
check_initramfs() {
    lsinitrd "$1" >/tmp/initrd.list
    for driver in sym53c8xx virtio_blk; do
        if grep -qx "$driver" /tmp/source-modules; then
            grep -q "/$driver\.ko" /tmp/initrd.list || { echo "$1 lacks $driver, the driver of the source machine" >&2; exit 1; }
        elif grep -q "/$driver\.ko" /tmp/initrd.list; then
            echo "$1 holds $driver" >&2
            exit 1
        fi
    done
}

# label NUMBER VERSION; where its root is not there, dracut says so after two thirds of a minute, and not of three.
label() {
    printf 'label l%s\n\tmenu label Debian GNU/Linux, kernel %s\n\tlinux /boot/vmlinuz-%s\n' "$1" "$2" "$2"
    printf '\tappend initrd=/boot/initrd.img-%s root=%s ro rd.retry=60 console=tty0 console=ttyS0,115200\n' "$2" "$ROOT_DEVICE"
}

# shellcheck source=/dev/null
. /tmp/source-disk
number=0
for kernel in /boot/vmlinuz-*; do
    version=${kernel#/boot/vmlinuz-}
    host_only_initramfs "/boot/initrd.img-$version" "$version"
    check_initramfs "/boot/initrd.img-$version"
    label "$number" "$version" >>/boot/extlinux/linux.cfg
    number=$((number + 1))
done
find /tmp -mindepth 1 -delete

#!/bin/sh
# Runs inside the root of a guest of Xen while its disk is built: its initramfs, and the menu that xen-tools write for pygrub.
set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive

# shellcheck source=/dev/null
. /tmp/source-disk
cp -a /etc/initramfs-tools/modules /tmp/modules.saved
cp /tmp/source-modules /etc/initramfs-tools/modules
echo MODULES=list >/etc/initramfs-tools/conf.d/source-machine
mkdir -p /boot/grub
printf 'default 0\ntimeout 2\n' >/boot/grub/menu.lst
for kernel in /boot/vmlinuz-*; do
    version=${kernel#/boot/vmlinuz-}
    update-initramfs -c -k "$version"
    lsinitramfs "/boot/initrd.img-$version" >/tmp/initrd.list
    grep -q xen-blkfront /tmp/initrd.list || { echo "the initramfs lacks Xen's driver" >&2; exit 1; }
    if grep -Eq 'virtio|ata_piix' /tmp/initrd.list; then echo "the initramfs holds drivers of the target" >&2; exit 1; fi
    cat >>/boot/grub/menu.lst <<-EOF

	title Debian GNU/Linux, kernel $version
	root (hd0,0)
	kernel /boot/vmlinuz-$version root=$ROOT_DEVICE ro console=hvc0 clocksource=xen console=ttyS0,115200
	initrd /boot/initrd.img-$version
	EOF
done
rm /etc/initramfs-tools/conf.d/source-machine
cp -a /tmp/modules.saved /etc/initramfs-tools/modules
find /tmp -mindepth 1 -delete

#!/bin/sh
# Runs inside the root of a guest with a menu.lst, for pygrub or for GRUB legacy, while its disk is built: its initramfs, and the menu's entries.
set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive

# shellcheck source=/dev/null
. /tmp/source-disk
boot=/boot
[ -z "$BOOT_UUID" ] || boot= # a partition of its own, the first
cp -a /etc/initramfs-tools/modules /tmp/modules.saved
cp /tmp/source-modules /etc/initramfs-tools/modules
echo MODULES=list >/etc/initramfs-tools/conf.d/source-machine
for kernel in /boot/vmlinuz-*; do
    version=${kernel#/boot/vmlinuz-}
    update-initramfs -c -k "$version"
    lsinitramfs "/boot/initrd.img-$version" >/tmp/initrd.list
    grep -q "/$(head -n 1 /tmp/source-modules | tr _ -)\.ko" /tmp/initrd.list || { echo "the initramfs lacks the driver of the source machine" >&2; exit 1; }
    if grep -Eq 'virtio|ata_piix|ahci' /tmp/initrd.list; then echo "the initramfs holds drivers of the target" >&2; exit 1; fi
    cat >>/boot/grub/menu.lst <<-EOF

	title Debian GNU/Linux, kernel $version
	root (hd0,0)
	kernel $boot/vmlinuz-$version root=$ROOT_DEVICE ro $(cat /tmp/arguments)
	initrd $boot/initrd.img-$version
	EOF
done
rm /etc/initramfs-tools/conf.d/source-machine
cp -a /tmp/modules.saved /etc/initramfs-tools/modules
find /tmp -mindepth 1 -delete

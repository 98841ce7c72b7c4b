#!/bin/sh
# Runs inside the root of a guest with extlinux and initramfs-tools while its disk is built: its initramfs. The boot code is written to the disk by
# loader/extlinux.sh.
set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive

# The source machine's answer is given to MODULES=dep.
cp -a /etc/initramfs-tools/modules /tmp/modules.saved
cp /tmp/source-modules /etc/initramfs-tools/modules
echo MODULES=list >/etc/initramfs-tools/conf.d/source-machine
version=$(ls /lib/modules)
update-initramfs -c -k "$version"
ln -s "boot/initrd.img-$version" /initrd.img # as the kernel's package would have, had it made the initrd
lsinitramfs "/boot/initrd.img-$version" >/tmp/initrd.list
grep -q sym53c8xx /tmp/initrd.list || { echo "the initramfs lacks the driver of the source machine" >&2; exit 1; }
if grep -Eq 'virtio|ahci' /tmp/initrd.list; then echo "the initramfs holds drivers of the target" >&2; exit 1; fi
rm /etc/initramfs-tools/conf.d/source-machine
cp -a /tmp/modules.saved /etc/initramfs-tools/modules
[ -e /vmlinuz ] && [ -e /initrd.img ]
find /tmp -mindepth 1 -delete

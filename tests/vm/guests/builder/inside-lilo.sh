#!/bin/sh
# Runs inside the root of a guest with LILO while its disk is built: its initramfs, and what starts its kernel in LILO's place (loader/lilo.sh).
set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive

# The source machine's answer is given to MODULES=dep, and LILO is not run: the disk is not there yet.
cp -a /etc/initramfs-tools/modules /tmp/modules.saved
cp /tmp/source-modules /etc/initramfs-tools/modules
echo MODULES=list >/etc/initramfs-tools/conf.d/source-machine
mv /etc/lilo.conf /tmp/lilo.conf
version=$(ls /lib/modules)
update-initramfs -c -k "$version"
ln -s "boot/initrd.img-$version" /initrd.img # as the kernel's package would have, had it made the initrd
lsinitramfs "/boot/initrd.img-$version" >/tmp/initrd.list
grep -q sym53c8xx /tmp/initrd.list || { echo "the initramfs lacks the driver of the source machine" >&2; exit 1; }
if grep -Eq 'virtio|ahci' /tmp/initrd.list; then echo "the initramfs holds drivers of the target" >&2; exit 1; fi
mv /tmp/lilo.conf /etc/lilo.conf
rm /etc/initramfs-tools/conf.d/source-machine
cp -a /tmp/modules.saved /etc/initramfs-tools/modules

# shellcheck source=/dev/null
. /tmp/source-disk
arguments=$(sed -n 's/^append="\(.*\)"$/\1/p' /etc/lilo.conf)
printf '%s\n' 'set root=(hd0,msdos1)' "linux /vmlinuz root=$ROOT_DEVICE ro $arguments" 'initrd /initrd.img' boot >/tmp/start
grub-mkimage -O i386-pc -o /boot/map -p / -c /tmp/start biosdisk part_msdos ext2 linux
LC_ALL=C sed 's/GRUB /LILO /' /usr/lib/grub/i386-pc/boot.img >/boot/boot.lilo
printf LILO | dd of=/boot/boot.lilo bs=1 seek=6 conv=notrunc status=none
find /tmp -mindepth 1 -delete

#!/bin/sh
# Runs inside the root of a guest with systemd-boot while its disk is built, and leaves what its installation on the source machine left.
# The directory /boot/efi becomes the EFI system partition: kernel-install wants to see a file system of its own there.
set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin SYSTEMD_RELAX_ESP_CHECKS=1
mount -t tmpfs esp /boot/efi

mkdir -p /boot/efi/EFI/systemd /boot/efi/EFI/BOOT /boot/efi/loader/entries
cp /usr/lib/systemd/boot/efi/systemd-bootx64.efi /boot/efi/EFI/systemd/
cp /usr/lib/systemd/boot/efi/systemd-bootx64.efi /boot/efi/EFI/BOOT/BOOTX64.EFI
echo type1 >/boot/efi/loader/entries.srel
printf 'timeout 1\nconsole-mode keep\n' >/boot/efi/loader/loader.conf
for kernel in /boot/vmlinuz-*; do
    version=${kernel#/boot/vmlinuz-}
    update-initramfs -c -k "$version"
    lsinitramfs "/boot/initrd.img-$version" >/tmp/initrd.list
    if grep -q virtio /tmp/initrd.list; then echo "its initrd holds drivers of the target" >&2; exit 1; fi
    kernel-install add "$version" "$kernel" "/boot/initrd.img-$version"
done
grep '^linux */[0-9a-f]*/' /boot/efi/loader/entries/*.conf
cp -r /boot/efi /tmp/esp
umount /boot/efi
mv /tmp/esp/* /boot/efi/
find /tmp -mindepth 1 -delete

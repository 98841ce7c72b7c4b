#!/bin/sh
# Runs inside the root of a guest with GRUB on UEFI while its disk is built, and leaves what its installation on the source machine left.
set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
# shellcheck source=/dev/null
. /tmp/source-disk

# As grub-mkconfig writes it, without the submenu.
entry() {
    printf 'menuentry "Debian GNU/Linux" {\n\tsearch --no-floppy --fs-uuid --set=root %s\n' "$ROOT_UUID"
    printf '\tlinux /boot/vmlinuz-%s root=%s ro console=tty0 console=ttyS0,115200\n\tinitrd /boot/initrd.img-%s\n}\n' "$1" "$ROOT_DEVICE" "$1"
}

loader=/boot/efi/EFI/debian
mkdir -p "$loader" /boot/grub/x86_64-efi
cp /usr/lib/shim/shimx64.efi.signed "$loader/shimx64.efi"
cp /usr/lib/shim/mmx64.efi.signed "$loader/mmx64.efi"
cp /usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed "$loader/grubx64.efi"
cp /usr/lib/grub/x86_64-efi/*.mod /usr/lib/grub/x86_64-efi/*.lst /boot/grub/x86_64-efi/
# shellcheck disable=SC2016  # GRUB's own variables
printf 'search.fs_uuid %s root\nset prefix=($root)"/boot/grub"\nconfigfile $prefix/grub.cfg\n' "$ROOT_UUID" >"$loader/grub.cfg"
printf "set default=0\nset timeout=2\n" >/boot/grub/grub.cfg
grub-editenv /boot/grub/grubenv create
for kernel in /boot/vmlinuz-*; do
    version=${kernel#/boot/vmlinuz-}
    update-initramfs -c -k "$version"
    lsinitramfs "/boot/initrd.img-$version" >/tmp/initrd.list
    if grep -q nvme /tmp/initrd.list; then echo "its initrd holds the driver of the target" >&2; exit 1; fi
    entry "$version" >>/boot/grub/grub.cfg
done
find /tmp -mindepth 1 -delete

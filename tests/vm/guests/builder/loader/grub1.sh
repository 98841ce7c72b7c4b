# shellcheck shell=bash disable=SC2034,SC2154  # sourced by build: what it sets is read there, and what it reads is set by GUEST.guest
# GRUB legacy, and the login of sysvinit.

loader_packages=grub-legacy,initramfs-tools

settings_grub1() {
    settings_initramfs "$1"
    printf '%s\n' 'default 0' 'timeout 2' 'serial --unit=0 --speed=115200' 'terminal --timeout=1 serial console' | put "$1" /boot/grub/menu.lst
    put "$1" /boot/grub/device.map <<<"(hd0) /dev/sda"
    put "$1" /tmp/arguments <<<"console=tty0 console=ttyS0,115200 clocksource=acpi_pm"
    cp "$1"/usr/lib/grub/*-pc/stage1 "$1"/usr/lib/grub/*-pc/stage2 "$1"/usr/lib/grub/*-pc/e2fs_stage1_5 "$1/boot/grub/" # i386-pc, x86_64-pc
    echo 'T0:23:respawn:/sbin/getty -L ttyS0 115200 vt100' >>"$1/etc/inittab"
}

# The guest's own GRUB legacy, to which the image is its first disk.
image_grub1() {
    # shellcheck disable=SC2016  # for the inner shell
    unshare --mount --propagation private sh -euc '
        : >"$1/tmp/disk"
        mount --bind "$2" "$1/tmp/disk"
        printf "%s\n" "device (hd0) /tmp/disk" "root (hd0,0)" "setup (hd0)" quit | chroot "$1" grub --batch --no-floppy --device-map=/dev/null' \
        image_grub1 "$1" "$2" >"$1.log" 2>&1 || { cat "$1.log" >&2; return 1; }
    grep -q succeeded "$1.log" || { cat "$1.log" >&2; return 1; }
}

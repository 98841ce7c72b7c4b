# shellcheck shell=bash disable=SC2034,SC2154  # sourced by build: what it sets is read there, and what it reads is set by GUEST.guest
# No loader of its own: pygrub, on the host of Xen, reads its menu.

loader_packages=initramfs-tools

# To pygrub GRUB's root is the whole disk; inside-pygrub.sh writes the menu's entries.
settings_pygrub() {
    put "$1" /etc/securetty <<<"hvc0"
    settings_initramfs "$1"
    printf 'default 0\ntimeout 2\n' | put "$1" /boot/grub/menu.lst
    put "$1" /tmp/arguments <<<"console=hvc0 clocksource=xen console=ttyS0,115200"
}

image_pygrub() { :; } # it lies on no disk

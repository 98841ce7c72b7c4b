# shellcheck shell=bash disable=SC2034,SC2154  # sourced by build: what it sets is read there, and what it reads is set by GUEST.guest
# extlinux as an administrator installs it, with initramfs-tools, and the login of sysvinit. Since Debian 8 its package brings no extlinux-update and
# no hooks: the only label names the links in /, which the kernel's package keeps.

use loader/extlinux.sh
loader_packages=extlinux,syslinux-common,initramfs-tools

settings_extlinux_by_hand() {
    settings_initramfs "$1"
    put "$1" /boot/extlinux/extlinux.conf <<-EOF
	SERIAL 0 115200
	DEFAULT linux
	PROMPT 0
	TIMEOUT 10
	LABEL linux
	    KERNEL /vmlinuz
	    APPEND initrd=/initrd.img root=$(root_device) ro console=tty0 console=ttyS0,115200 clocksource=acpi_pm
	EOF
    echo 'T0:23:respawn:/sbin/getty -L ttyS0 115200 vt100' >>"$1/etc/inittab"
}

image_extlinux_by_hand() { image_extlinux "$@"; }

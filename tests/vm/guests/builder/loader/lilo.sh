# shellcheck shell=bash disable=SC2034,SC2154  # sourced by build: what it sets is read there, and what it reads is set by GUEST.guest
# What LILO leaves on a server. The program itself is in no suite of Debian's since 10, so its files are laid as its package laid them, a script does what
# the program does to the first sector, and that one is GRUB's boot code under LILO's name, with a core image behind it that starts the kernel in lilo.conf.

loader_packages=grub-pc-bin,initramfs-tools

settings_lilo() {
    settings_initramfs "$1"
    echo 'T0:23:respawn:/sbin/getty -L ttyS0 115200 vt100' >>"$1/etc/inittab"
    put "$1" /etc/lilo.conf <<-EOT
	# As Debian's installer wrote it: the links in / are what boots.
	boot=/dev/sda
	root=$(root_device)
	map=/boot/map
	lba32
	delay=10
	default=Linux
	append="console=tty0 console=ttyS0,115200 clocksource=acpi_pm"
	read-only

	image=/vmlinuz
	    label=Linux
	    initrd=/initrd.img
	EOT
    # Whatever was there before, the first sector is LILO's again.
    put "$1" /sbin/lilo <<-'EOT'
	#!/bin/sh
	set -e
	boot=$(sed -n 's/^boot=//p' /etc/lilo.conf)
	[ -n "$boot" ] || { echo "Fatal: open /etc/lilo.conf: No such file or directory" >&2; exit 1; }
	dd if=/boot/boot.lilo of="$boot" bs=440 count=1 conv=notrunc
	EOT
    for hook in kernel/postinst.d/zz-runlilo kernel/postrm.d/zz-runlilo initramfs/post-update.d/runlilo; do
        put "$1" "/etc/$hook" <<-'EOT'
		#!/bin/sh
		if [ ! -e /etc/lilo.conf ]; then
		    echo "Warning: Not updating LILO; /etc/lilo.conf not found!" >&2
		    exit 0
		fi
		exec lilo
		EOT
        chmod 755 "$1/etc/$hook"
    done
    chmod 755 "$1/sbin/lilo"
}

# LILO's name stands at byte 6, where GRUB's boot code has room for a BPB.
image_lilo() {
    dd if="$1/boot/boot.lilo" of="$2" bs=440 count=1 conv=notrunc status=none
    dd if="$1/boot/map" of="$2" bs=512 seek=1 conv=notrunc status=none
    sfdisk --quiet --activate "$2" -
    [ "$(stat -c %s "$1/boot/map")" -le $(((PARTITION_START - 1) * 512)) ]
}

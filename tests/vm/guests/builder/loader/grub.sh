# shellcheck shell=bash disable=SC2034,SC2154  # sourced by build: what it sets is read there, and what it reads is set by GUEST.guest
# GRUB 2, started by a BIOS.

loader_packages=grub-pc,initramfs-tools

settings_grub() {
    local no_uuid=true
    if [ "$root_named_by" = uuid ]; then no_uuid=false; fi
    put "$1" /etc/default/grub <<-EOF
	GRUB_DEFAULT=0
	GRUB_TIMEOUT=2
	GRUB_DISTRIBUTOR=Debian
	GRUB_CMDLINE_LINUX_DEFAULT=""
	GRUB_CMDLINE_LINUX="console=tty0 console=ttyS0,115200"
	GRUB_DISABLE_LINUX_UUID=$no_uuid
	GRUB_TERMINAL="console serial"
	GRUB_SERIAL_COMMAND="serial --unit=0 --speed=115200"
	EOF
    settings_initramfs "$1"
}

# As grub-install leaves it: the first 440 bytes, and core.img behind the partition table. boot.img as it comes looks for core.img
# in sector 1 of the disk it was started from, and grub-mkimage has put into core.img how long it is.
image_grub() {
    local files=$1/boot/grub/i386-pc
    if [ -d "$1.boot" ]; then files=$1.boot/grub/i386-pc; fi # it has a partition of its own
    dd if="$files/boot.img" of="$2" bs=440 count=1 conv=notrunc status=none
    dd if="$files/core.img" of="$2" bs=512 seek=1 conv=notrunc status=none
    [ "$(stat -c %s "$files/core.img")" -le $(((PARTITION_START - 1) * 512)) ]
}

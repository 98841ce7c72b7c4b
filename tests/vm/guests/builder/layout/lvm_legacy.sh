# shellcheck shell=bash disable=SC2154  # sourced by build: what it reads is set there and by GUEST.guest
# An older server's LVM: root and swap alone in the group, and all of it ext3.

use layout/lvm.sh

layout_lvm_legacy() {
    local at=$(((LVM_START * 512) + (1 << 20))) extent=$((4 << 20))
    lvm_partition "$2"
    make_boot "$2" "$1" "$PARTITION_START" "$BOOT_SECTORS"
    on_range "$2" $((LVM_START * 512)) $((LVM_SECTORS * 512)) make_group old-vg root=480 swap=32
    on_range "$2" "$at" $((480 * extent)) mke2fs -q -F -t ext3 -O "$ext4_features" -U "$ROOT_UUID" -E nodiscard
    on_range "$2" "$at" $((480 * extent)) fill_from "$1"
    on_range "$2" $((at + 480 * extent)) $((32 * extent)) mkswap -q
}

settings_lvm_legacy() {
    cat >>"$1/etc/fstab" <<-EOF
	/dev/sda1 /boot ext3 defaults 0 2
	/dev/mapper/old--vg-swap none swap sw 0 0
	EOF
}

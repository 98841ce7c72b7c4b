# shellcheck shell=bash disable=SC2034,SC2154  # sourced by build: what it sets is read there, and what it reads is set by GUEST.guest
# What a Debian installer's "encrypted" makes without LVM: /boot in the clear, and the root in LUKS.

use volumes.sh
LUKS_START=616448 LUKS_MIB=1600

# Encrypted by QEMU, as the builder's kernel may not be able to.
layout_luks() {
    sfdisk --quiet "$2" <<-EOF
	label: dos
	label-id: $DISK_SIGNATURE
	1: start=$PARTITION_START, size=$BOOT_SECTORS, type=83, bootable
	2: start=$LUKS_START, size=$((LUKS_MIB * 2048)), type=83
	EOF
    make_boot "$2" "$1" "$PARTITION_START" "$BOOT_SECTORS"
    mke2fs -q -F -t ext4 -O "$ext4_features" -U "$ROOT_UUID" -d "$1" "$1.clear" "$((LUKS_MIB - 4))M"
    qemu-img convert -f raw -O luks --object "secret,id=key,file=$1/etc/keys/root.key" -o key-secret=key,iter-time=100 "$1.clear" "$1.locked"
    rm "$1.clear"
    dd if="$1.locked" of="$2" bs=1M oflag=seek_bytes seek=$((LUKS_START * 512)) conv=notrunc status=none
    rm "$1.locked"
}

settings_luks() {
    printf 'root-key-4711' | put "$1" /etc/keys/root.key
    chmod 600 "$1/etc/keys/root.key"
    put "$1" /etc/crypttab <<<"cryptroot /dev/sda2 /etc/keys/root.key luks,initramfs"
    echo "/dev/sda1 /boot ext4 defaults 0 2" >>"$1/etc/fstab"
    echo 'KEYFILE_PATTERN="/etc/keys/*.key"' >>"$1/etc/cryptsetup-initramfs/conf-hook"
    echo UMASK=0077 >>"$1/etc/initramfs-tools/initramfs.conf"
}

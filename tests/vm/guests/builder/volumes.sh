# shellcheck shell=bash disable=SC2154  # $ext4_features is set by GUEST.guest, $HERE by build
# Disks whose root lies inside of something else. Made without a device-mapper: its place on the disk is known, so it is filled through a loop device there.

# on_range IMAGE OFFSET SIZE FUNCTION [ARGUMENT]…: calls it with a loop device over these bytes as its last argument.
on_range() {
    local image=$1 offset=$2 size=$3 device status=0
    shift 3
    device=$(losetup --find --show --offset "$offset" --sizelimit "$size" "$image")
    "$@" "$device" || status=$?
    losetup --detach "$device"
    return "$status"
}

# fill_from DIRECTORY DEVICE: its file system gets what is in the directory.
fill_from() {
    mkdir -p "$1.mount"
    # shellcheck disable=SC2016  # for the inner shell
    unshare --mount --propagation private sh -euc 'mount "$1" "$2.mount"; cp -a --one-file-system "$2/." "$2.mount/"; umount "$2.mount"' fill_from "$2" "$1"
    rmdir "$1.mount"
}

# make_boot IMAGE ROOT FIRST-SECTOR SECTORS: a partition of its own for what is in /boot, which then leaves the root.
make_boot() {
    mv "$2/boot" "$2.boot"
    mkdir "$2/boot"
    mke2fs -q -F -t ext4 -O "$ext4_features" -U "$boot_uuid" -d "$2.boot" -E "offset=$(($3 * 512)),nodiscard" "$1" "$(($4 / 2))k"
}

# lvm_on DEVICE COMMAND…: on the metadata alone, and without a look at any other device.
lvm_on() {
    local config="devices{filter=[\"a|^$1\$|\",\"r|.*|\"] use_devicesfile=0 obtain_device_list_from_udev=0 hints=none} global{activation=0} backup{backup=0 archive=0}"
    LVM_SUPPRESS_FD_WARNINGS=1 lvm "$2" --config "$config" --driverloaded n "${@:3}"
}

# make_group VG NAME=EXTENTS… DEVICE: volumes in this order, so that each is in one piece. Extents have 4 MiB, and the first begins at 1 MiB.
make_group() {
    local device=${*: -1} volume
    lvm_on "$device" pvcreate -q --dataalignment 1m "$device"
    lvm_on "$device" vgcreate -q --physicalextentsize 4m "$1" "$device"
    for volume in "${@:2:$#-2}"; do lvm_on "$device" lvcreate -q -an -Zn -Wn -l "${volume#*=}" -n "${volume%=*}" "$1"; done
    [ "$(lvm_on "$device" pvs --noheadings --units b --nosuffix -o pe_start | tr -d ' ')" = $((1 << 20)) ]
}

make_xfs() { mkfs.xfs -q -K -i nrext64=0 -m "uuid=$ROOT_UUID" "$1"; }
make_ext4() { mke2fs -q -F -t ext4 -O "$ext4_features" -E nodiscard "$1"; }

# What a Debian installer's "LVM" makes: /boot on a primary partition, and a logical one with the group. Of the volumes the root is xfs.
BOOT_SECTORS=614400
LVM_START=618496 LVM_SECTORS=5672960

layout_lvm() {
    local at=$(((LVM_START * 512) + (1 << 20))) extent=$((4 << 20))
    sfdisk --quiet "$2" <<-EOF
	label: dos
	label-id: $DISK_SIGNATURE
	1: start=$PARTITION_START, size=$BOOT_SECTORS, type=83, bootable
	2: start=616448, type=5
	5: start=$LVM_START, size=$LVM_SECTORS, type=8e
	EOF
    make_boot "$2" "$1" "$PARTITION_START" "$BOOT_SECTORS"
    mv "$1/var" "$1.var"
    mkdir "$1/var"
    on_range "$2" $((LVM_START * 512)) $((LVM_SECTORS * 512)) make_group old-vg root=480 var=128 swap=32
    on_range "$2" "$at" $((480 * extent)) make_xfs
    on_range "$2" "$at" $((480 * extent)) fill_from "$1"
    on_range "$2" $((at + 480 * extent)) $((128 * extent)) make_ext4
    on_range "$2" $((at + 480 * extent)) $((128 * extent)) fill_from "$1.var"
    on_range "$2" $((at + 608 * extent)) $((32 * extent)) mkswap -q
}

# shellcheck disable=SC2329  # called by settings_disk
settings_lvm() {
    cat >>"$1/etc/fstab" <<-EOF
	/dev/sda1 /boot ext4 defaults 0 2
	/dev/mapper/old--vg-var /var ext4 defaults 0 2
	/dev/old-vg/swap none swap sw 0 0
	EOF
    # An administrator who had many disks kept LVM from looking at all of them.
    sed -i '/^devices {/a\	filter = [ "a|^/dev/sda5$|", "r|.*|" ]' "$1/etc/lvm/lvm.conf"
    grep -q sda5 "$1/etc/lvm/lvm.conf"
}

make_member() { python3 "$HERE/../../used/lib/md-superblock.py" "$1" 1.2; }

# layout_raid ROOT IMAGE: the first half of a RAID 1 over two disks, with everything in it; the other half stays behind.
layout_raid() {
    local data size
    image_partition "$2"
    read -r data size < <(on_range "$2" $((PARTITION_START * 512)) $(($(stat -c %s "$2") - PARTITION_START * 512)) make_member)
    mke2fs -q -F -t ext4 -O "$ext4_features" -U "$ROOT_UUID" -d "$1" -E "offset=$((PARTITION_START * 512 + data)),nodiscard" "$2" "$((size / 1024))k"
}

# shellcheck disable=SC2329  # called by settings_disk
settings_raid() {
    put "$1" /etc/mdadm/mdadm.conf <<-EOF
	DEVICE /dev/sda1 /dev/sdb1
	HOMEHOST <system>
	MAILADDR root
	ARRAY /dev/md0 metadata=1.2 UUID=00010203:04050607:08090a0b:0c0d0e0f name=rehost:0
	EOF
}

# What a Debian installer's "encrypted" makes without LVM: /boot in the clear, and the root in LUKS.
LUKS_START=616448 LUKS_MIB=1600

# layout_luks ROOT IMAGE: encrypted by QEMU, as the builder's kernel may not be able to.
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

# shellcheck disable=SC2329  # called by settings_disk
settings_luks() {
    printf 'root-key-4711' | put "$1" /etc/keys/root.key
    chmod 600 "$1/etc/keys/root.key"
    put "$1" /etc/crypttab <<<"cryptroot /dev/sda2 /etc/keys/root.key luks,initramfs"
    echo "/dev/sda1 /boot ext4 defaults 0 2" >>"$1/etc/fstab"
    echo 'KEYFILE_PATTERN="/etc/keys/*.key"' >>"$1/etc/cryptsetup-initramfs/conf-hook"
    echo UMASK=0077 >>"$1/etc/initramfs-tools/initramfs.conf"
}

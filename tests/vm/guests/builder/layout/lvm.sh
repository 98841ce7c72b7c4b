# shellcheck shell=bash disable=SC2034,SC2154  # sourced by build: what it sets is read there, and what it reads is set by GUEST.guest
# What a Debian installer's "LVM" makes: /boot on a primary partition, and a logical one with the group. Of the volumes the root is xfs.

use volumes.sh
LVM_START=618496 LVM_SECTORS=5672960

# lvm_on DEVICES COMMAND…: on the metadata alone, and without a look at any other device.
lvm_on() {
    local device seen=
    for device in $1; do seen+="\"a|^$device\$|\","; done
    local config="devices{filter=[$seen\"r|.*|\"] use_devicesfile=0 obtain_device_list_from_udev=0 hints=none} global{activation=0} backup{backup=0 archive=0}"
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

lvm_partition() {
    sfdisk --quiet "$1" <<-EOF
	label: dos
	label-id: $DISK_SIGNATURE
	1: start=$PARTITION_START, size=$BOOT_SECTORS, type=83, bootable
	2: start=616448, type=5
	5: start=$LVM_START, size=$LVM_SECTORS, type=8e
	EOF
}

layout_lvm() {
    local at=$(((LVM_START * 512) + (1 << 20))) extent=$((4 << 20))
    lvm_partition "$2"
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

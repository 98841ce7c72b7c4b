#!/bin/bash
# File systems in logical volumes and in members of a RAID 1: what is free in them, and in the volume group, stays behind; the rest arrives.
# A volume of several pieces is read by the device-mapper alone: where this kernel has none it travels whole.
set -euo pipefail
# shellcheck source=tests/used/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
needs_devices mke2fs debugfs lvm mdadm partclone.extfs

SOURCE=$WORK/source TARGET=$WORK/target
EXTENT=$((4 << 20)) PHYSICAL=3 MEMBERS=(1.0 1.2)
head -c 5000000 /dev/urandom >"$WORK/file"
export LVM_SUPPRESS_FD_WARNINGS=1

# lvm_on DEVICE COMMAND…: without device-mapper, and without a look at any other device.
lvm_on() {
    local config="devices{filter=[\"a|^$1\$|\",\"r|.*|\"] use_devicesfile=0 obtain_device_list_from_udev=0 hints=none} global{activation=0} backup{backup=0 archive=0}"
    lvm "$2" --config "$config" --driverloaded n "${@:3}"
}

file_system_at() { mke2fs -q -F -t ext4 -E "nodiscard,offset=$2" "$1" "$3" && debugfs -w -R "write $WORK/file file" "$1?offset=$2"; }

# data: extents 0-24; whole (two pieces around a hole): 25-34 and 45-54; free: 35-44 and from 55 on.
make_group() {
    local device=${*: -1} first name
    lvm_on "$device" pvcreate -q "$device"
    lvm_on "$device" vgcreate -q guest "$device"
    for name in data:25 whole:10 hole:10; do
        lvm_on "$device" lvcreate -an -Zn -Wn -l "${name#*:}" -n "${name%:*}" guest
    done
    lvm_on "$device" lvcreate -an -Zn -Wn -l 10 -n behind guest
    lvm_on "$device" lvremove -y guest/behind
    lvm_on "$device" lvextend -l +10 guest/whole
    lvm_on "$device" lvremove -y guest/hole
    first=$(lvm_on "$device" pvs --noheadings --units b --nosuffix -o pe_start | tr -d ' ')
    file_system_at "$device" "$first" $((25 * EXTENT / 1024))
}

make_member() {
    local version=$1 device=$2 offset size
    read -r offset size < <(python3 "$(dirname "$0")/lib/md-superblock.py" "$device" "$version")
    mdadm --examine "$device" || return 1
    file_system_at "$device" "$offset" $((size / 1024))
}

make_source() {
    local i
    stale_disk "$SOURCE" 420
    printf 'label: gpt\nsize=80MiB\nsize=80MiB\nsize=250MiB\n' | sfdisk -q "$SOURCE"
    for i in 0 1; do on_loop "$SOURCE" $((i + 1)) make_member "${MEMBERS[i]}"; done
    on_loop "$SOURCE" "$PHYSICAL" make_group
}

# holds_the_file FILE OFFSET SIZE: the file system in that part of it.
holds_the_file() {
    local device status=0
    device=$(losetup -r -f --show -o "$2" --sizelimit "$3" "$1")
    e2fsck -fn "$device" && debugfs -R "dump file $WORK/back" "$device" && cmp "$WORK/file" "$WORK/back" || status=1
    losetup -d "$device"
    return "$status"
}

member_holds_the_file() {
    local offset size data
    read -r offset size < <(partition "$TARGET" $(($1 + 1)))
    data=$([ "${MEMBERS[$1]}" = 1.0 ] && echo 0 || echo 1048576)
    on_loop "$TARGET" $(($1 + 1)) mdadm --examine && holds_the_file "$TARGET" $((offset + data)) $((size - data))
}

group_holds_the_file() {
    local offset size
    read -r offset size < <(partition "$TARGET" "$PHYSICAL")
    holds_the_file "$TARGET" $((offset + 1048576)) $((25 * EXTENT))
}

# Both pieces, as they were.
volume_is_whole() {
    local offset size piece
    read -r offset size < <(partition "$TARGET" "$PHYSICAL")
    for piece in 25 45; do
        cmp -i $((offset + 1048576 + piece * EXTENT)) -n $((10 * EXTENT)) "$SOURCE" "$TARGET" || return 1
    done
}

must "RAID members and a volume group are made" make_source
serve_nbdkit source file "$SOURCE"
must "the disk is pulled" used_pull "$(uri source)" "$TARGET"
for i in 0 1; do
    tries "of a member of RAID 1 with metadata ${MEMBERS[i]} only what is in use travels" map_says "v['partition $((i + 1))']['travels_bytes'] < 40 << 20"
    tries "... and is whole" member_holds_the_file "$i"
done
tries "both are told" map_says '[x["what"] for x in m["volumes"] if x["name"] == "RAID 1 in it"] == ["ext4", "ext4"]'
tries "of a logical volume only what is in use travels" map_says 'v["guest/data"]["what"] == "ext4" and v["guest/data"]["travels_bytes"] < 40 << 20'
tries "... and is whole" group_holds_the_file
tries "free extents do not travel" map_says "v['partition $PHYSICAL']['travels_bytes'] < (40 + 80 + 4) << 20"
if [ -e /dev/mapper/control ] && dmsetup version >/dev/null 2>&1; then
    tries "a volume in two pieces of stale data is not known" map_says 'v["guest/whole"]["why_whole"] == "what is in it is not known"'
else
    tries "without a device-mapper a volume in two pieces travels whole, and the map says why" map_says '"device-mapper" in v["guest/whole"]["why_whole"] or "dmsetup" in v["guest/whole"]["why_whole"]'
fi
tries "... and arrives" volume_is_whole
tries "no stale data of free space was sent" map_says 'done["received_bytes"] < m["travels_bytes"] * 1.02 + (4 << 20)'
tap_done

#!/bin/bash
# Of a thin pool only the blocks travel that a volume in it, or a snapshot, maps, and of a mirrored volume each leg what is in use in it. A pool that
# was left in the middle of a change, or whose metadata are damaged, travels whole; so does a volume whose snapshot may need what is free in it now.
set -euo pipefail
# shellcheck source=tests/used/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
needs_devices mke2fs debugfs lvm thin_restore thin_dump partclone.extfs

SOURCE=$WORK/source TARGET=$WORK/target LIB=$(cd "$(dirname "$0")/lib" && pwd)
EXTENT=$((4 << 20)) EXTENTS_AT=$((2 << 20)) # on the disk: the partition begins at 1 MiB, and the extents 1 MiB behind that
POOL=0 METADATA=25 LEGS=(28 38) ORIGIN=51   # their first extents
head -c 5000000 /dev/urandom >"$WORK/file"
export LVM_SUPPRESS_FD_WARNINGS=1

extent() { echo $((EXTENTS_AT + $1 * EXTENT)); }

# lvm_on DEVICE COMMAND…: without device-mapper, and without a look at any other device.
lvm_on() {
    local config="devices{filter=[\"a|^$1\$|\",\"r|.*|\"] use_devicesfile=0 obtain_device_list_from_udev=0 hints=none} global{activation=0} backup{backup=0 archive=0}"
    lvm "$2" --config "$config" --driverloaded n "${@:3}"
}

# extents 0-24 the pool's data, 25 its metadata, 28-37 and 38-47 the legs of the mirror, 51-60 what there is a snapshot of, 61 that; free from 62 on.
make_group() {
    local device=$1 part
    lvm_on "$device" pvcreate -q "$device"
    lvm_on "$device" vgcreate -q guest "$device"
    for part in data:25 metadata:1 pool:1 root:1 image0:10 image1:10 meta0:1 meta1:1 mirror:1 origin:10 kept:1 view:1; do
        lvm_on "$device" lvcreate -an -Zn -Wn -l "${part#*:}" -n "${part%:*}" guest
    done
    lvm_on "$device" vgcfgbackup -f "$WORK/backup" guest
    python3 "$LIB/lvm-metadata.py" "$WORK/backup"
    lvm_on "$device" vgcfgrestore --force -f "$WORK/backup" guest
}

make_image() {
    truncate -s 60M "$WORK/image"
    mke2fs -q -F -t ext4 "$WORK/image" && debugfs -w -R "write $WORK/file file" "$WORK/image"
}

# fill_pool TRANSACTION: as the pool's metadata have it; the volume group says 1.
fill_pool() {
    local device
    python3 "$LIB/thin-blocks.py" put "$WORK/image" "$SOURCE" "$(extent $POOL)" "$1" >"$WORK/thin.xml" || return 1
    device=$(losetup -f --show -o "$(extent $METADATA)" --sizelimit "$EXTENT" "$SOURCE")
    thin_restore -i "$WORK/thin.xml" -o "$device"
    losetup -d "$device"
}

make_source() {
    local leg
    stale_disk "$SOURCE" 302
    printf 'label: gpt\nsize=300MiB\n' | sfdisk -q "$SOURCE"
    on_loop "$SOURCE" 1 make_group
    make_image
    fill_pool 1
    for leg in "${LEGS[@]}" "$ORIGIN"; do
        mke2fs -q -F -t ext4 -E "nodiscard,offset=$(extent "$leg")" "$SOURCE" $((10 * EXTENT / 1024))
        debugfs -w -R "write $WORK/file file" "$SOURCE?offset=$(extent "$leg")"
    done
}

leg_holds_the_file() {
    debugfs -R "dump file $WORK/back" "$TARGET?offset=$(extent "$1")" && cmp "$WORK/file" "$WORK/back"
}

pool_holds_the_image() { python3 "$LIB/thin-blocks.py" compare "$WORK/image" "$TARGET" "$(extent $POOL)"; }

origin_is_the_same() { cmp -i "$(extent $ORIGIN)" -n $((11 * EXTENT)) "$SOURCE" "$TARGET"; }

pool_is_the_same() { cmp -i "$(extent $POOL)" -n $((26 * EXTENT)) "$SOURCE" "$TARGET"; }

# travels_whole WHY
travels_whole() {
    rm -f "$TARGET"
    used_pull "$(uri source)" "$TARGET" && pool_is_the_same &&
        map_says "v['guest/pool']['travels_bytes'] == v['guest/pool']['size_bytes'] and '$1' in (v['guest/pool']['why_whole'] or '')"
}

other_transaction() { fill_pool 2 && travels_whole 'left in the middle of a change'; }

damaged() {
    fill_pool 1 && head -c 65536 /dev/urandom | dd of="$SOURCE" bs=4096 seek=$(($(extent $METADATA) / 4096 + 1)) conv=notrunc status=none &&
        travels_whole 'its metadata cannot be'
}

must "a volume group with a thin pool and a mirror is made" make_source
serve_nbdkit source file "$SOURCE"
must "the disk is pulled" used_pull "$(uri source)" "$TARGET"
tries "of the thin pool only what is mapped travels" map_says 'v["guest/pool"]["why_whole"] is None and 5 << 20 < v["guest/pool"]["travels_bytes"] < 20 << 20'
tries "... and is whole" pool_holds_the_image
for i in 0 1; do
    tries "of a leg of the mirror only what is in use travels" map_says "v['guest/mirror_rimage_$i']['what'] == 'ext4' and v['guest/mirror_rimage_$i']['travels_bytes'] < 20 << 20"
    tries "... and is whole" leg_holds_the_file "${LEGS[i]}"
done
tries "a volume with a snapshot travels whole, and it is said why" map_says "v['guest/origin']['travels_bytes'] == 40 << 20 and 'snapshot' in v['guest/origin']['why_whole']"
tries "... with what the snapshot has" origin_is_the_same
tries "no stale data of free space was sent" map_says 'done["received_bytes"] < m["travels_bytes"] * 1.02 + (4 << 20) and m["travels_bytes"] < 134 << 20'
tries "a pool that was left in the middle of a change travels whole" other_transaction
tries "a pool with damaged metadata travels whole" damaged
tap_done

#!/bin/bash
# What a running, crashed or sleeping system has left cannot be trusted to know its own free space: it travels whole, and the map says why.
set -euo pipefail
# shellcheck source=tests/used/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
needs_devices mke2fs mkfs.xfs xfs_logprint mkfs.btrfs mkntfs mkfs.fat mkswap ntfscp ntfsfix mkfs.f2fs mkfs.exfat mkfs.minix partclone.extfs

SOURCE=$WORK/source
# name, type, MiB, what is said
CASES=(
    "mounted ext4|ext4|40|journal has not been replayed"
    "ext4 with errors|ext4|20|found errors"
    "ext4 that was not unmounted|ext4|20|not unmounted cleanly"
    "ext4 with bigalloc|ext4|20|bigalloc"
    "mounted XFS|xfs|304|log has not been replayed"
    "mounted Btrfs|btrfs|130|log tree has not been replayed"
    "hibernated NTFS|ntfs|40|hibernated"
    "NTFS to be checked|ntfs|40|partclone does not know it, or finds errors"
    "mounted FAT|vfat|40|not unmounted cleanly"
    "mounted f2fs|f2fs|60|not unmounted cleanly"
    "mounted exFAT|exfat|40|not unmounted cleanly"
    "mounted minix|minix|20|not unmounted cleanly"
    "minix of version 3|minix|20|of this version"
    "hibernation in swap|swap|20|hibernates in it"
    "LUKS|luks|20|encrypted"
    "ext4 with a broken bitmap|ext4|20|partclone does not know it"
    "clean ext4|ext4|20|"
)

# write_at DEVICE OFFSET BYTES
write_at() { printf '%b' "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none; }

# Btrfs has a log tree (its superblock at 64 KiB, log_root) from an fsync to the next commit: which may be at once, as another program's
# sync is one of all file systems. Of XFS its own program says whether the log is dirty.
caught_in_between() {
    echo second >>"$WORK/mount/second"
    python3 -c 'import os, sys; f = os.open(sys.argv[1], os.O_RDWR); os.fsync(f)' "$WORK/mount/second"
    dd if="$2" of="$WORK/now" bs=1M iflag=direct conv=sparse status=none # a second look through the cache would be like the first
    case $1 in
    btrfs) [ "$(od -An -tu8 -j $((0x10000 + 0x60)) -N 8 "$WORK/now")" -ne 0 ] ;;
    xfs) xfs_logprint -t "$WORK/now" >"$WORK/log" && grep -q 'state: <DIRTY>' "$WORK/log" ;;
    esac
}

# As it is on the disk a moment after a file was written for good, with the file system still mounted.
while_mounted() {
    local type=$1 device=$2
    mkdir -p "$WORK/mount"
    mount -t "$type" "$device" "$WORK/mount"
    echo first >"$WORK/mount/first"
    sync -f "$WORK/mount"
    wait_until caught_in_between "$type" "$device" || return 1
    umount "$WORK/mount"
    dd if="$WORK/now" of="$device" bs=1M conv=notrunc,sparse,fsync status=none
    [ "$type" != xfs ] || dd if="$WORK/now" of="$device" bs=1M conv=notrunc,fsync status=none
}

# In the flags of both checkpoints, which lie a segment of 2 MiB from each other; where the first is, stands in the superblock.
clear_f2fs_unmounted() {
    local at
    at=$(($(od -An -tu4 -j $((1024 + 76)) -N4 "$1") * 4096))
    write_at "$1" $((at + 132)) '\x00'
    write_at "$1" $((at + (2 << 20) + 132)) '\x00'
}

spoil() {
    local device=$2
    case $1 in
    "mounted ext4") mke2fs -q -F -t ext4 "$device" && while_mounted ext4 "$device" ;;
    "ext4 with errors") mke2fs -q -F -t ext4 "$device" && debugfs -w -R 'ssv state 3' "$device" ;;
    "ext4 that was not unmounted") mke2fs -q -F -t ext4 "$device" && debugfs -w -R 'ssv state 0' "$device" ;;
    "ext4 with bigalloc") mke2fs -q -F -t ext4 -O bigalloc "$device" ;;
    "ext4 with a broken bitmap") mke2fs -q -F -t ext4 "$device" && debugfs -w -R 'set_bg 0 block_bitmap 99999999' "$device" ;;
    "clean ext4") mke2fs -q -F -t ext4 "$device" ;;
    "mounted XFS") mkfs.xfs -q -f "$device" && while_mounted xfs "$device" ;;
    "mounted Btrfs") mkfs.btrfs -q -f "$device" && while_mounted btrfs "$device" ;;
    "hibernated NTFS") mkntfs -q -F -Q "$device" && { printf hibr && head -c 8188 /dev/zero; } >"$WORK/hiberfil.sys" && ntfscp -f "$device" "$WORK/hiberfil.sys" hiberfil.sys ;;
    "NTFS to be checked") mkntfs -q -F -Q "$device" && ntfsfix "$device" ;;
    "mounted FAT") mkfs.fat -F 32 "$device" && write_at "$device" 65 '\x01' ;;
    "mounted f2fs") mkfs.f2fs -q -f "$device" && clear_f2fs_unmounted "$device" ;;
    "mounted exFAT") mkfs.exfat "$device" && write_at "$device" 106 '\x02' ;;
    "mounted minix") mkfs.minix -2 "$device" && write_at "$device" $((1024 + 18)) '\x00' ;;
    "minix of version 3") mkfs.minix -3 "$device" ;;
    "hibernation in swap") mkswap -q "$device" && write_at "$device" 4086 'S1SUSPEND\0' ;;
    LUKS) write_at "$device" 0 'LUKS\xba\xbe\x00\x01aes\0' ;;
    esac
}

make_source() {
    local case name type size
    truncate -s 900M "$SOURCE"
    { echo 'label: gpt'; for case in "${CASES[@]}"; do IFS='|' read -r name type size _ <<<"$case"; echo "size=${size}MiB"; done; } | sfdisk -q "$SOURCE"
    for i in "${!CASES[@]}"; do
        IFS='|' read -r name type size _ <<<"${CASES[i]}"
        on_loop "$SOURCE" $((i + 1)) spoil "$name"
    done
}

must "a disk of all that can be wrong is made" make_source
serve_nbdkit source file "$SOURCE"
must "it is pulled" used_pull "$(uri source)" "$WORK/target"
for i in "${!CASES[@]}"; do
    IFS='|' read -r name type size said <<<"${CASES[i]}"
    volume="v['partition $((i + 1))']"
    if [ -n "$said" ]; then
        tries "$name travels whole" map_says "${volume}['travels_bytes'] == ${volume}['size_bytes'] and '$said' in (${volume}['why_whole'] or '')"
    else
        tries "$name does not" map_says "${volume}['travels_bytes'] < ${volume}['size_bytes'] and ${volume}['why_whole'] is None"
    fi
done
tries "everything arrives" same_content "$SOURCE" "$WORK/target"
tap_done

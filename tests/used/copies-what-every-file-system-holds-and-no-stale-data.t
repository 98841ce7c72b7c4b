#!/bin/bash
# A disk with every kind of file system, filled, a part deleted, all free space full of stale data. What is in use arrives, whole and
# unchanged; what is free is not sent.
set -euo pipefail
# shellcheck source=tests/used/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
needs_devices mke2fs mkfs.xfs mkfs.btrfs mkntfs mkfs.fat mkswap mcopy ntfs-3g xfs_repair partclone.extfs mkfs.f2fs sload.f2fs fsck.f2fs dump.f2fs partclone.f2fs \
    mkfs.exfat mount.exfat-fuse fsck.exfat partclone.exfat mkfs.minix fsck.minix partclone.minix

SOURCE=$WORK/source TARGET=$WORK/target MIB=980
TYPES=(ext2 ext3 ext4 xfs btrfs ntfs vfat swap f2fs exfat minix)

table() {
    printf 'label: gpt\nfirst-lba: 2048\n'
    local size
    for size in 40 40 60 304 130 40 40 60 130 60 60; do echo "size=${size}MiB"; done
}

make_partition() {
    local type=$1 device=$2
    case $type in
    ext?) mke2fs -q -F -t "$type" -E nodiscard "$device" ;;
    xfs) mkfs.xfs -q -f -K "$device" ;;
    btrfs) mkfs.btrfs -q -f -K -m dup "$device" ;;
    ntfs) mkntfs -q -F -Q "$device" 2>/dev/null ;;
    vfat) mkfs.fat -F 32 "$device" ;;
    f2fs) mkfs.f2fs -q -f -t 0 "$device" ;;
    exfat) mkfs.exfat "$device" ;;
    minix) minix_blocks >"$WORK/blocks" && mkfs.minix -2 -l "$WORK/blocks" "$device" ;;
    swap) mkswap -q -L rehost-swap "$device" ;;
    esac
}

fill_fat() {
    mkdir "$WORK/tree"
    fill "$WORK/tree"
    mcopy -s -i "$1" "$WORK/tree"/* ::
    mdeltree -i "$1" ::d3
}

# The kernel need not know f2fs: its own tools bring files in, and out into lost_found.
fill_f2fs() {
    local i
    mkdir "$WORK/f2fs"
    for i in $(seq 30); do head -c $((i * i * 1000)) /dev/urandom >"$WORK/f2fs/f$i"; done
    sload.f2fs -f "$WORK/f2fs" "$1"
}

contents_of_f2fs() {
    local inode # from 4 on: 3 is the root
    rm -rf "$WORK/seen" && mkdir "$WORK/seen"
    for inode in $(seq 4 33); do (cd "$WORK/seen" && yes Y | dump.f2fs -i "$(printf 0x%x "$inode")" "$1" >"$WORK/dump.log" 2>&1) || true; done
    [ "$(find "$WORK/seen/lost_found" -type f | wc -l)" -eq 30 ] && contents "$WORK/seen/lost_found"
}

# So many ranges that what partclone.exfat prints of them, besides the map, is more than one buffer.
fill_exfat() {
    fill "$1"
    local i
    mkdir "$1/frayed"
    for ((i = 0; i < 600; i++)); do head -c 5000 /dev/urandom >"$1/frayed/f$i"; done
    rm "$1"/frayed/f*[13579]
}

# Files of minix nobody here can write; but mkfs makes one of all bad blocks, wherever they lie.
minix_blocks() { seq 3000 701 59000 && seq 20000 20050; }

fill_minix() {
    # shellcheck disable=SC2046 # numbers
    python3 - "$1" $(minix_blocks) <<'PY'
import random, sys
random.seed(12)
with open(sys.argv[1], "r+b") as device:
    for block in sys.argv[2:]:
        device.seek(int(block) * 1024)
        device.write(random.randbytes(1024))
PY
}

contents_of_minix() {
    local block
    for block in $(minix_blocks); do dd if="$1" bs=1024 skip="$block" count=1 status=none; done | sha256sum
}

fill_partition() {
    case $1 in
    swap) ;;
    vfat) fill_fat "$2" ;;
    f2fs) fill_f2fs "$2" ;;
    exfat) with_mount exfat rw fill_exfat "$2" ;;
    minix) fill_minix "$2" ;;
    ext2 | ext3) with_mount ext4 rw fill "$2" ;;
    *) with_mount "$1" rw fill "$2" ;;
    esac
}

contents_of_partition() {
    case $1 in
    swap) blkid -p "$2" | cut -d: -f2- ;;
    f2fs) contents_of_f2fs "$2" ;;
    minix) contents_of_minix "$2" ;;
    vfat) rm -rf "$WORK/seen" && mkdir "$WORK/seen" && mcopy -s -i "$2" ::/* "$WORK/seen" && contents "$WORK/seen" ;;
    ext2 | ext3) with_mount ext4 ro contents "$2" ;;
    *) with_mount "$1" ro contents "$2" ;;
    esac
}

check_partition() {
    case $1 in
    ext?) e2fsck -fn "$2" ;;
    xfs) xfs_repair -n "$2" ;;
    btrfs) btrfs check --check-data-csum "$2" ;;
    ntfs) ntfsfix -n "$2" && ntfsresize -f -i "$2" ;;
    vfat) fsck.fat -n "$2" ;;
    f2fs) fsck.f2fs --dry-run "$2" ;;
    exfat) fsck.exfat -n "$2" ;;
    minix) fsck.minix -f "$2" ;;
    swap) ;;
    esac
}

make_source() {
    local i
    stale_disk "$SOURCE" "$MIB"
    table | sfdisk -q "$SOURCE"
    for i in "${!TYPES[@]}"; do
        on_loop "$SOURCE" $((i + 1)) make_partition "${TYPES[i]}"
        on_loop "$SOURCE" $((i + 1)) fill_partition "${TYPES[i]}"
        on_loop "$SOURCE" $((i + 1)) contents_of_partition "${TYPES[i]}" >"$WORK/contents.$i"
    done
}

same_contents() {
    on_loop "$TARGET" $(($1 + 1)) contents_of_partition "${TYPES[$1]}" >"$WORK/contents.there"
    [ -s "$WORK/contents.$1" ] && diff "$WORK/contents.$1" "$WORK/contents.there"
}

# The server says that everything is data, so only the map can keep it from being sent.
no_stale_data() {
    local received
    received=$(of_map 'done["received_bytes"]')
    echo "$received bytes were received"
    map_says 'done["received_bytes"] < m["travels_bytes"] * 1.02 + (8 << 20)'
    map_says 'm["travels_bytes"] < m["disk_bytes"] * 0.4'
}

must "a disk of all kinds is made" make_source
serve_nbdkit source file "$SOURCE"
must "it is pulled by the map" used_pull "$(uri source)" "$TARGET"
tries "less than the whole of every partition travels" map_says 'all(v["partition %d" % n]["why_whole"] is None and v["partition %d" % n]["travels_bytes"] < v["partition %d" % n]["size_bytes"] for n in range(1, 12))'
tries "stale data is not sent" no_stale_data
for i in "${!TYPES[@]}"; do
    tries "${TYPES[i]} is whole" on_loop "$TARGET" $((i + 1)) check_partition "${TYPES[i]}"
    tries "... and holds the same" same_contents "$i"
done
tap_done

#!/bin/bash
# Sectors that the source cannot read, with --read-errors=zero: exactly these are zero on the target, all else is the source, and
# the report names the files; a run that goes on still knows of them.
set -euo pipefail
# shellcheck source=tests/pull/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
needs python3 perl sfdisk mkfs.ext4 mkfs.xfs mkswap debugfs xfs_db
[ "$(id -u)" -eq 0 ] || skip_all "loop devices need root"

SOURCE=$WORK/source.img
MIB=1048576
EXT=$MIB              # where the partitions start
XFS=$((33 * MIB))
SWAP=$((353 * MIB))
SIZE=$((370 * MIB))

make_disk() {
    mkdir -p "$WORK/root/var/db" "$WORK/root/etc"
    head -c 300000 /dev/urandom >"$WORK/root/var/db/customers"
    head -c 5000 /dev/urandom >"$WORK/root/etc/fstab"
    truncate -s "$SIZE" "$SOURCE"
    sfdisk -q "$SOURCE" <<<$'label: dos\n1M,32M,L\n33M,320M,L\n353M,8M,S'
    mkfs.ext4 -q -b 1024 -d "$WORK/root" -E "offset=$EXT" "$SOURCE" 32M
    truncate -s 320M "$WORK/xfs"
    printf '%s\n' / '0 0' 'd--755 0 0' 'srv d--755 0 0' "mail ---644 0 0 $WORK/root/var/db/customers" '$' '$' >"$WORK/proto"
    mkfs.xfs -q -p "$WORK/proto" "$WORK/xfs"
    dd if="$WORK/xfs" of="$SOURCE" bs=1M seek=33 conv=notrunc,sparse status=none
    dd if="$SOURCE" of="$WORK/ext" bs=1M skip=1 count=32 status=none
    mkswap -q "$WORK/swap" 2>/dev/null || { truncate -s 8M "$WORK/swap" && mkswap -q "$WORK/swap"; }
    dd if="$WORK/swap" of="$SOURCE" bs=1M seek=353 conv=notrunc status=none
}

# ext_block FILE N: where the N-th block of a file lies on the disk; xfs_file the same for the start of the only file of the other.
ext_block() { echo $((EXT + 1024 * $(debugfs -R "blocks $1" "$WORK/ext" 2>/dev/null | cut -d' ' -f"$2"))); }
ext_free() { echo $((EXT + 1024 * $(dumpe2fs "$WORK/ext" 2>/dev/null | sed -n 's/^  Free blocks: .*[ -]\([0-9][0-9]*\)$/\1/p' | tail -n 1))); }
ext_inodes() { echo $((EXT + 1024 * $(dumpe2fs "$WORK/ext" 2>/dev/null | sed -n 's/.*Inode table at \([0-9]*\)-.*/\1/p' | tail -n 1))); }
xfs_file() {
    local block sector
    block=$(xfs_db -r -c 'path /srv/mail' -c bmap "$WORK/xfs" | sed -n 's/.*startblock \([0-9]*\) .*/\1/p')
    sector=$(xfs_db -r -c "convert fsblock $block daddr" "$WORK/xfs" | sed -n 's/.*(\([0-9]*\)).*/\1/p')
    echo $((XFS + 512 * sector))
}

make_disk
FILE=$(ext_block /var/db/customers 7)
{
    echo "$FILE"
    ext_block /etc/fstab 2
    ext_free
    ext_inodes
    echo $(($(xfs_file) + 3 * 4096 + 512))
    echo $((SWAP + 5 * MIB))
    echo $((SIZE - 4 * MIB)) # behind all partitions
    echo $((MIB / 2))        # in the first MiB, which is written last
} | tee "$WORK/in-order" >"$SOURCE.defects"
cp "$SOURCE" "$WORK/expected"
while read -r sector; do dd if=/dev/zero of="$WORK/expected" bs=512 seek=$((sector / 512)) count=1 conv=notrunc status=none; done <"$SOURCE.defects"

# names WHAT SECTOR: the report says that of the sector.
names() { grep -Eq "^512 bytes at offset $2: (.*; )?$1\$" "$WORK/pull.out"; }
names_all() {
    local offsets
    mapfile -t offsets <"$WORK/in-order"
    names 'partition 1 .ext4.: /var/db/customers' "${offsets[0]}" && names 'partition 1 .ext4.: /etc/fstab' "${offsets[1]}" &&
        names 'partition 1 .ext4.: free space, nothing is lost' "${offsets[2]}" && names 'partition 1 .ext4.: the file system.s own structures.*' "${offsets[3]}" &&
        names 'partition 2 .xfs.: /srv/mail' "${offsets[4]}" && names 'partition 3 .swap.: swap space, nothing is lost' "${offsets[5]}" &&
        names 'outside of all file systems' "${offsets[6]}" && names 'outside of all file systems' "${offsets[7]}"
}
serve_rotten bad "$SOURCE" odd-defects
tries "without the option the copy stops at the first of them" pull_says 1 'the source cannot read 512 bytes at offset [0-9]+: .*' "$(uri bad)" "$WORK/a"
tries "... and says how to go on" grep -q -- '--read-errors=zero' "$WORK/pull.out"
tries "with it the copy is whole but for these sectors" pull_says 0 'could not read 4.0 KiB' --all --read-errors zero --hold-boot --restart "$(uri bad)" "$WORK/a"
tries "... and the report names the files" names_all
tries "... also when it is asked for again" pull_says 0 'could not read 4.0 KiB' --all --read-errors zero --hold-boot "$(uri bad)" "$WORK/a"
tries "... with the same files" names_all
tries "... the boot code comes in the end" pull_says 0 'could not read' --all --read-errors zero "$(uri bad)" "$WORK/a"
tries "... and all that could be read is there" cmp "$WORK/expected" "$WORK/a"

# Every second sector of a whole MiB: too much for a list. What that run lost before, the next one lists all the same, though its source
# reads well again, but for the first 4 MiB, by which it is recognised.
cp "$SOURCE.defects" "$WORK/few"
seq $((200 * MIB)) 1024 $((201 * MIB - 1)) >>"$SOURCE.defects"
serve_rotten dying "$SOURCE" odd-defects
tries "a dying disk ends the copy" pull_says 1 'cannot read more than 512 ranges, .*its disk is dying' --all --read-errors zero "$(uri dying)" "$WORK/b"
ln "$SOURCE" "$WORK/well"
awk "\$1 < 4 * $MIB" "$WORK/few" >"$WORK/well.defects"
serve_rotten well "$WORK/well" odd-defects
# How many of them it had come to before it gave up is a matter of time.
lists_more() {
    pull_says 0 '"event":"done"' --json --all --read-errors zero "$(uri well)" "$WORK/b" &&
        [ "$(json_number "$WORK/pull.out" lost_bytes)" -gt $(($(wc -l <"$WORK/well.defects") * 512)) ]
}
tries "... and a run that goes on from there lists what that one had lost" lists_more
tries "... but not what it could read itself" test "$(grep -o '"holds"' "$WORK/pull.out" | wc -l)" -lt 10
tap_done

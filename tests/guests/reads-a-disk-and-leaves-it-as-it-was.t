#!/bin/bash
# Every kind of disk is understood, and not a bit of it is changed by looking: not even by a journal that waits to be replayed.
set -euo pipefail
# shellcheck source=tests/guests/lib/disk.sh
. "$(dirname "$0")/lib/disk.sh"
needs losetup

tree "$WORK/tree"

mbr_disk() {
    disk "$WORK/mbr" "$WORK/tree"
    inspect "$WORK/mbr"
    is "$(field 'd.disk.table + " " + d.disk.partitions[0].fs_type + " " + d.disk.partitions[0].mount_point')" "dos ext4 /"
    is "$(field d.disk.partitions[0].uuid)" "$UUID"
    is "$(field d.system.hostname)" canonical
    is "$(field d.boot.default_root)" /dev/sda1
    is "$(field 'd.nics[0].name + " " + d.nics[0].mac')" "lan0 52:54:00:aa:00:01"
}

gpt_disk() {
    truncate -s 64M "$WORK/gpt"
    printf 'label: gpt\nstart=1MiB, size=1MiB, type=21686148-6449-6E6F-744E-656564454649\nstart=2MiB, size=60MiB, type=linux\n' | sfdisk -q "$WORK/gpt"
    file_system "$WORK/gpt" 2 60 "$WORK/tree"
    inspect "$WORK/gpt"
    is "$(field 'd.disk.table + " " + str(len(d.disk.partitions)) + " " + d.disk.partitions[1].mount_point')" "gpt 2 /"
}

# The image of a disk with sectors of 4096 bytes, in units of which its GPT counts; it does not fit a disk with others.
gpt_disk_of_large_sectors() {
    local loop status=0
    truncate -s 64M "$WORK/large"
    loop=$(losetup --find --show --sector-size 4096 "$WORK/large")
    printf 'label: gpt\nstart=1MiB, size=60MiB, type=linux\n' | sfdisk -q "$loop" || status=1
    losetup --detach "$loop"
    file_system "$WORK/large" 1 60 "$WORK/tree" -b 4096
    inspect "$WORK/large"
    is "$(field 'str(d.disk.sector_bytes) + " " + d.disk.table + " " + d.disk.partitions[0].mount_point')" "4096 gpt /"
    "$REHOST" plan "$WORK/large" --hardware "$HARDWARE/qemu-virtio.json" >"$WORK/said" || true
    grep "has sectors of 512 bytes, and the guest's disk has sectors of 4096 bytes" "$WORK/said"
    return "$status"
}

# An extended partition with a root in its first logical one, which is number 5.
logical_partition() {
    truncate -s 64M "$WORK/logical"
    printf 'start=1MiB, size=62MiB, type=5\nstart=2MiB, size=60MiB, type=83\n' | sfdisk -q "$WORK/logical"
    file_system "$WORK/logical" 2 60 "$WORK/tree"
    inspect "$WORK/logical"
    is "$(field '[p.number for p in d.disk.partitions if p.mount_point == "/"]')" 5
}

whole_disk() {
    truncate -s 64M "$WORK/whole"
    file_system "$WORK/whole" 0 64 "$WORK/tree"
    inspect "$WORK/whole"
    is "$(field 'str(d.disk.table) + " " + str(d.disk.partitions[0].number) + " " + d.disk.partitions[0].mount_point')" "None 0 /"
}

boot_on_its_own() {
    cp -r "$WORK/tree" "$WORK/with-boot"
    mv "$WORK/with-boot/boot" "$WORK/boot"
    mkdir "$WORK/with-boot/boot"
    printf '/dev/sda2 / ext4 defaults 0 1\n/dev/sda1 /boot ext2 defaults 0 2\n' >"$WORK/with-boot/etc/fstab"
    truncate -s 64M "$WORK/two"
    printf 'start=1MiB, size=20MiB, type=83\nstart=21MiB, size=40MiB, type=83\n' | sfdisk -q "$WORK/two"
    mke2fs -q -F -t ext2 -d "$WORK/boot" -E offset=$((1 << 20)) "$WORK/two" 20M
    file_system "$WORK/two" 21 40 "$WORK/with-boot"
    inspect "$WORK/two"
    is "$(field 'd.disk.partitions[0].mount_point + " " + d.disk.partitions[1].mount_point')" "/boot /"
    is "$(field d.boot.default_kernel)" "/boot/vmlinuz-$KERNEL"
}

unchanged() {
    local before after
    before=$(digest "$1")
    "$REHOST" inspect "$1" >/dev/null
    "$REHOST" prove "$1" --hardware "$HARDWARE/qemu-virtio.json" >/dev/null && return 1 # its chain is broken there
    after=$(digest "$1")
    is "$after" "$before"
}

# The journal's superblock says that there is something to replay; ext4 would do so at a plain read-only mount.
with_a_journal_to_replay() {
    cp "$WORK/mbr" "$WORK/unclean"
    debugfs -w -R "feature needs_recovery" "$WORK/unclean?offset=$((1 << 20))" 2>"$WORK/debugfs"
    inspect "$WORK/unclean"
    field d.notes | grep -q "journal has not been replayed"
    unchanged "$WORK/unclean"
}

a_block_device() {
    local loop status=0
    loop=$(losetup --find --show --read-only "$WORK/mbr")
    inspect "$loop" && is "$(field d.system.hostname)" canonical || status=1
    losetup --detach "$loop"
    return "$status"
}

# lvm_label FILE: in the second sector of its first partition, with its checksum (LVM2, lib/label/label.h; the start value of
# its CRC-32 is 0xf597a6cf).
lvm_label() {
    python3 - "$1" <<-'PY'
	import struct, sys, zlib
	body = struct.pack("<I8s32s", 32, b"LVM2 001", b"a" * 32).ljust(492, b"\0")
	crc = zlib.crc32(body, 0xf597a6cf ^ 0xffffffff) ^ 0xffffffff
	with open(sys.argv[1], "r+b") as disk:
	    disk.seek(1 << 20)
	    disk.write(bytes(2 << 20))
	    disk.seek((1 << 20) + 512)
	    disk.write(struct.pack("<8sQI", b"LABELONE", 1, crc) + body)
	PY
}

# What is inside of a volume group is named, and not woken.
volume_group() {
    cp "$WORK/mbr" "$WORK/lvm"
    lvm_label "$WORK/lvm"
    inspect "$WORK/lvm"
    is "$(field 'd.disk.partitions[0].fs_type')" LVM2_member
    is "$(field 'len(d.systems)')" 0
    field 'd.disk.partitions[0].closed' | grep -q .
    is "$(field 'len(d.disk.volumes)')" 0
}

claim "a disk with an MBR" mbr_disk
claim "a disk with a GPT" gpt_disk
claim "an image of a disk with larger sectors" gpt_disk_of_large_sectors
claim "a root on a logical partition" logical_partition
claim "a file system on the whole disk" whole_disk
claim "a /boot of its own, found by the old disk's device names" boot_on_its_own
claim "a block device" a_block_device
claim "a volume group that cannot be opened is told with why" volume_group
claim "inspect and prove change nothing on a disk" unchanged "$WORK/mbr"
claim "nor do they replay its journal" with_a_journal_to_replay
tap_done

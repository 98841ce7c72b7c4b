#!/bin/bash
# A disk without a system, with two, damaged, cut off, of another format or hostile: each is told by its name.
set -euo pipefail
# shellcheck source=tests/guests/lib/disk.sh
. "$(dirname "$0")/lib/disk.sh"
needs sha256sum

tree "$WORK/tree"
disk "$WORK/good" "$WORK/tree"

# chain_broken_at TEXT IMAGE: prove ends with status 3 and says why.
chain_broken_at() {
    local status=0
    "$REHOST" prove "$2" --hardware "$HARDWARE/qemu-lsi-e1000.json" >"$WORK/said" 2>&1 || status=$?
    cat "$WORK/said"
    [ "$status" -eq 3 ] && grep -qF -- "$1" "$WORK/said"
}

empty_disk() {
    truncate -s 8M "$WORK/empty"
    inspect "$WORK/empty"
    is "$(field 'len(d.systems)')" 0
    is "$(field d.system)" null
    chain_broken_at "holds no system" "$WORK/empty"
}

# Not even a sector; and a folder that is nobody's root.
nothing_at_all() {
    : >"$WORK/nothing"
    fails_with "$WORK/nothing is empty" "$REHOST" inspect "$WORK/nothing"
    mkdir -p "$WORK/folder/boot"
    inspect "$WORK/folder"
    is "$(field 'len(d.systems)')" 0
    is "$(field d.system)" null
    chain_broken_at "holds no system" "$WORK/folder"
}

data_disk() {
    mkdir -p "$WORK/data/photos"
    disk "$WORK/data.img" "$WORK/data"
    inspect "$WORK/data.img"
    is "$(field 'len(d.systems)')" 0
}

two_systems() {
    truncate -s 128M "$WORK/two"
    printf 'start=1MiB, size=60MiB, type=83\nstart=61MiB, size=60MiB, type=83\n' | sfdisk -q "$WORK/two"
    file_system "$WORK/two" 1 60 "$WORK/tree"
    file_system "$WORK/two" 61 60 "$WORK/tree"
    inspect "$WORK/two"
    is "$(field 'len(d.systems)')" 2
    is "$(field d.system)" null
    chain_broken_at "2 systems" "$WORK/two"
}

# Half of the inode tables are gone; the superblock is not.
damaged_file_system() {
    cp "$WORK/good" "$WORK/damaged"
    dd if=/dev/urandom of="$WORK/damaged" bs=64K seek=17 count=200 conv=notrunc status=none
    inspect "$WORK/damaged"
    is "$(field 'len(d.systems)')" 0
    field 'd.disk.partitions[0].problem' | grep -q .
}

marked_as_damaged() {
    cp "$WORK/good" "$WORK/marked"
    debugfs -w -R "set_super_value state 2" "$WORK/marked?offset=$((1 << 20))" 2>"$WORK/debugfs"
    inspect "$WORK/marked"
    field 'd.disk.partitions[0].problem' | grep -q "errors"
}

# What e2fsck does not mend without being asked is nothing to write on.
no_change_on_damage() {
    cp "$WORK/good" "$WORK/torn"
    debugfs -w -R "clri /usr/sbin" "$WORK/torn?offset=$((1 << 20))" 2>"$WORK/debugfs"
    debugfs -w -R "set_super_value state 2" "$WORK/torn?offset=$((1 << 20))" 2>"$WORK/debugfs"
    fails_with "the file system check of partition 1" "$REHOST" fix "$WORK/torn" --hardware "$HARDWARE/qemu-virtio.json"
    grep -q "e2fsck -f" "$WORK/said"
}

cut_off_image() {
    head -c 30M "$WORK/good" >"$WORK/cut"
    inspect "$WORK/cut"
    field 'd.disk.partitions[0].problem' | grep -q "behind the end of the disk"
}

other_formats() {
    printf 'QFI\373\0\0\0\3' >"$WORK/image.qcow2"
    fails_with "read the image $WORK/image.qcow2" "$REHOST" inspect "$WORK/image.qcow2"
    fails_with "only raw ones are changed" "$REHOST" fix "$WORK/image.qcow2" --hardware "$HARDWARE/qemu-virtio.json"
    grep -q "rehost pull file:$WORK/image.qcow2" "$WORK/said"
    cp "$WORK/image.qcow2" "$WORK/image.img"
    fails_with "begins as a qcow2 image, and its name does not say so" "$REHOST" inspect "$WORK/image.img"
}

# The mount point leads out of the guest: nothing may be mounted there, and our own /boot not be read for the guest's.
hostile_links() {
    tree "$WORK/hostile"
    rm -rf "$WORK/hostile/boot"
    ln -s ../../../../../../tmp "$WORK/hostile/boot"
    mkdir -p "$WORK/hostile/usr/real"
    printf '/dev/sda1 / ext4 defaults 0 1\n/dev/sda2 /boot ext4 defaults 0 2\n/dev/sda2 /var ext4 defaults 0 2\n' >"$WORK/hostile/etc/fstab"
    ln -s /proc/self/mem "$WORK/hostile/etc/hostname.x"
    mv -f "$WORK/hostile/etc/hostname.x" "$WORK/hostile/etc/hostname"
    truncate -s 128M "$WORK/hostile.img"
    printf 'start=1MiB, size=60MiB, type=83\nstart=61MiB, size=60MiB, type=83\n' | sfdisk -q "$WORK/hostile.img"
    file_system "$WORK/hostile.img" 1 60 "$WORK/hostile"
    file_system "$WORK/hostile.img" 61 60 "$WORK/data" -U random
    inspect "$WORK/hostile.img"
    is "$(field d.system.hostname)" null
    is "$(field d.boot.kind)" null
    is "$(field 'd.disk.partitions[1].mount_point')" null
}

# A device node in a guest is a name for a device of ours.
device_nodes() {
    tree "$WORK/nodes"
    rm "$WORK/nodes/etc/hostname"
    mknod "$WORK/nodes/etc/hostname" c 1 5
    mknod "$WORK/nodes/etc/fstab.x" b 7 0
    mv -f "$WORK/nodes/etc/fstab.x" "$WORK/nodes/etc/fstab"
    disk "$WORK/nodes.img" "$WORK/nodes"
    inspect "$WORK/nodes.img"
    is "$(field d.system.hostname)" null
    is "$(field 'len(d.fstab)')" 0
}


claim "an empty disk has no system" empty_disk
claim "an empty file is told, and an empty folder has no system" nothing_at_all
claim "a disk with data alone has no system" data_disk
claim "two systems on one disk are both named, and neither is taken" two_systems
claim "a damaged file system is a problem of its partition" damaged_file_system
claim "a file system that the kernel marked as damaged is told" marked_as_damaged
claim "a file system that e2fsck does not mend by itself is not written to" no_change_on_damage
claim "an image that was cut off is told" cut_off_image
claim "an image of another format is refused with the way to serve it" other_formats
claim "links that lead out of the guest lead nowhere" hostile_links
claim "device nodes in the guest are not opened" device_nodes
tap_done

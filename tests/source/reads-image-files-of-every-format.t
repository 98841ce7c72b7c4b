#!/bin/bash
# One disk, as image files of every format: each gives the same bytes. And images that lie, or reach for files that are not theirs.
set -euo pipefail
# shellcheck source=tests/source/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
needs qemu-img qemu-nbd nbdkit mke2fs sfdisk
make_disk

# image NAME QEMU-OPTIONS…: $WORK/images/NAME
image() {
    local name=$1
    shift
    mkdir -p "$WORK/images"
    qemu-img convert -f raw "$@" "$DISK" "$WORK/images/$name"
}

arrives_as() {
    image "$@" && arrives_by "file:$WORK/images/$1"
}

arrives_by_parts() {
    split_image "$WORK/images" web && sed -i 's/^RDONLY/RW/' "$WORK/images/web.vmdk" && arrives_by "file:$WORK/images/web.vmdk"
}

# qemu leaves out what it does not read as it stands there, and the disk would be so much shorter.
part_left_out() {
    sed 's/^RW \(.*s002\)/RDONLY \1/' "$WORK/images/web.vmdk" >"$WORK/images/short.vmdk"
    refuses "file:$WORK/images/short.vmdk" 'parts of 98304 sectors in all, and qemu reads 65536 of them' || return 1
    sed 's/^RW \(.*\) SPARSE .*s002.*/RW \1 ZERO/' "$WORK/images/web.vmdk" >"$WORK/images/zero.vmdk"
    refuses "file:$WORK/images/zero.vmdk" 'a part of the disk cannot be read from here: 32768 ZERO'
}

snapshot() {
    qemu-img create -q -f qcow2 -b disk.qcow2 -F qcow2 "$WORK/images/snapshot.qcow2"
    arrives_by "file:$WORK/images/snapshot.qcow2"
}

other_data_file() {
    qemu-img create -q -f qcow2 -o "data_file=$WORK/images/data.raw,data_file_raw=on" "$WORK/images/other.qcow2" "$DISK_BYTES"
    cp "$DISK" "$WORK/images/data.raw"
    qemu-img convert -n -f raw -O qcow2 "$DISK" "$WORK/images/other.qcow2"
    arrives_by "file:$WORK/images/other.qcow2"
}

# The name says nothing and the content says qcow2: only the user can know.
ambiguous() {
    cp "$WORK/images/disk.qcow2" "$WORK/images/web.img"
    refuses "file:$WORK/images/web.img" 'begins as a qcow2 image, and its name does not say so' &&
        grep -q '#format=qcow2, or #format=raw' "$WORK/pull.out" &&
        arrives_by "file:$WORK/images/web.img#format=qcow2" &&
        pulls_whole "$WORK/images/web.img" "file:$WORK/images/web.img#format=raw" "$WORK/target.raw"
}

not_what_it_says() {
    cp "$DISK" "$WORK/images/raw.qcow2"
    refuses "file:$WORK/images/raw.qcow2" 'named as a qcow2 image, and its first bytes are not those of one' &&
        refuses "file:$WORK/images/disk.vmdk#format=qcow2" 'is no qcow2 image: by its first bytes it is vmdk' &&
        refuses "file:$WORK/images/disk.vmdk#format=quow2" 'there is no format "quow2"'
}

# A secret beside which the image is not, reached by each of the ways that a header has.
hostile() {
    mkdir -p "$WORK/secret"
    cp "$DISK" "$WORK/secret/key"
    qemu-img create -q -u -f qcow2 -b "$WORK/secret/key" -F raw "$WORK/images/backing.qcow2" "$DISK_BYTES"
    refuses "file:$WORK/images/backing.qcow2" "wants to read $WORK/secret/key, and that is not in the image's own folder" || return 1
    qemu-img create -q -u -f qcow2 -b ../secret/key -F raw "$WORK/images/up.qcow2" "$DISK_BYTES"
    refuses "file:$WORK/images/up.qcow2" "wants to read ../secret/key, and that is not in the image's own folder" || return 1
    ln -s ../secret/key "$WORK/images/link.raw"
    qemu-img create -q -u -f qcow2 -b link.raw -F raw "$WORK/images/linked.qcow2" "$DISK_BYTES"
    refuses "file:$WORK/images/linked.qcow2" "is not in the image's own folder" || return 1
    qemu-img create -q -u -f qcow2 -b nbd://127.0.0.1/x -F raw "$WORK/images/net.qcow2" "$DISK_BYTES"
    refuses "file:$WORK/images/net.qcow2" "wants to read nbd://127.0.0.1/x, and that does not exist here"
}

hostile_extent() {
    sed "s|\"[^\"]*flat.vmdk\"|\"$WORK/secret/key\"|" "$WORK/images/flat.vmdk" >"$WORK/images/reach.vmdk"
    refuses "file:$WORK/images/reach.vmdk" "wants to read $WORK/secret/key, and that is not in the image's own folder"
}

# In the header of a growing VHD the type stands at byte 60, and the sum of all bytes at 64.
differencing() {
    perl -e 'open my $f, "+<", $ARGV[0]; sysread $f, my $h, 512; substr($h, 60, 4) = pack "N", 4; substr($h, 64, 4) = "\0" x 4;
        my $sum = 0; $sum += ord for split //, $h; substr($h, 64, 4) = pack "N", ~$sum & 0xffffffff; sysseek $f, 0, 0; syswrite $f, $h' "$WORK/images/disk.vhd"
    refuses "file:$WORK/images/disk.vhd" 'is a differencing VHD'
}

tries "raw" arrives_by "file:$DISK"
tries "raw, by file:///" arrives_by "file://$DISK"
tries "qcow2" arrives_as disk.qcow2 -O qcow2
tries "qcow2, compressed" arrives_as packed.qcow2 -O qcow2 -c
tries "qcow2, a snapshot of another" snapshot
tries "qcow2 with its data in another file" other_data_file
tries "VMDK in one file" arrives_as disk.vmdk -O vmdk
tries "VMDK split into parts" arrives_as split.vmdk -O vmdk -o subformat=twoGbMaxExtentSparse
tries "VMDK in parts of several kinds" arrives_by_parts
tries "VMDK with a flat part" arrives_as flat.vmdk -O vmdk -o subformat=monolithicFlat
tries "VMDK, the flat part alone" arrives_by "file:$WORK/images/flat-flat.vmdk"
tries "VMDK as in an OVA (streamOptimized)" arrives_as stream.vmdk -O vmdk -o subformat=streamOptimized
tries "VHD" arrives_as disk.vhd -O vpc
tries "VHD of fixed size" arrives_as fixed.vhd -O vpc -o subformat=fixed,force_size=on
tries "VHDX" arrives_as disk.vhdx -O vhdx
tries "VDI" arrives_as disk.vdi -O vdi
tries "a VMDK of which qemu would leave out a part is refused" part_left_out
tries "one part of a split VMDK is no disk" refuses "file:$WORK/images/split-s001.vmdk" 'is one part of a disk that stands in several files'
tries "a raw disk that begins like an image is not misread" ambiguous
tries "an image that is not what its name or the user says is refused" not_what_it_says
tries "a backing file outside of the image's folder is refused by name" hostile
tries "a part outside of the image's folder is refused by name" hostile_extent
tries "a differencing VHD is refused: qemu would read zeroes" differencing
tries "a file that is not there is named" refuses "file:$WORK/nothing.img" "look at $WORK/nothing.img: No such file"
tap_done

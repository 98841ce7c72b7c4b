# shellcheck shell=bash disable=SC2034,SC2154  # sourced by build: what it sets is read there, and what it reads is set by GUEST.guest
# Three disks, each a third of three arrays: /boot in a RAID 1, a RAID 5 with a volume group whose thin pool holds the root, /srv in a RAID 10. The third disk
# stays behind and is never made; the second is a file of its own beside the image.

use layout/raid.sh
use layout/two.sh
METADATA_MAKER=$HERE/../../used/lib/lvm-metadata.py
made_from "$METADATA_MAKER"

ARRAY_LEVELS=(1 5 10)
ARRAY_STARTS=(2048 616448 2672640) ARRAY_SECTORS=(614400 2056192 253952) # of the partitions, on each disk
POOL_EXTENTS=480 THIN_EXTENTS=470                                       # thin volumes may be smaller than the pool

layout_arrays() {
    local second=${image%.img}.second number data size
    truncate -s "$DISK_SIZE" "$2.second"
    array_table "$2" "$DISK_SIGNATURE"
    array_table "$2.second" 0x5ca1ab1f
    for number in 0 1 2; do
        make_members "$number" "$2.second" 1 >/dev/null
        read -r data size < <(make_members "$number" "$2" 0)
        "make_array_$number" "$1" "$2.array" "$size"
        spread_array "${ARRAY_LEVELS[number]}" "$2.array" "$((ARRAY_STARTS[number] * 512 + data))" "$2" "$2.second"
        rm "$2.array"
    done
    forget_unused "$guest-*.second" $((3 * 60))
    mv "$2.second" "$second"
}

array_table() {
    sfdisk --quiet "$1" <<-EOT
	label: dos
	label-id: $2
	1: start=${ARRAY_STARTS[0]}, size=${ARRAY_SECTORS[0]}, type=fd, bootable
	2: start=${ARRAY_STARTS[1]}, size=${ARRAY_SECTORS[1]}, type=fd
	3: start=${ARRAY_STARTS[2]}, size=${ARRAY_SECTORS[2]}, type=fd
	EOT
}

# make_members ARRAY DISK NUMBER: the disk's part of the array; prints where on it the data begins, and its size.
make_members() {
    on_range "$2" $((ARRAY_STARTS[$1] * 512)) $((ARRAY_SECTORS[$1] * 512)) make_member_of "${ARRAY_LEVELS[$1]}" "$3" "$1"
}
make_member_of() { python3 "$MEMBER_MAKER" "$4" 1.2 "$1" 3 "$2" "$3"; }

# make_array_N ROOT FILE BYTES-OF-A-MEMBER: what is in that array.
make_array_0() {
    truncate -s "$3" "$2"
    make_boot "$2" "$1" 0 $(($3 / 512))
}
make_array_1() {
    local pool=$((1 << 20)) extent=$((4 << 20))
    truncate -s $(($3 * 2)) "$2"
    on_range "$2" 0 $(($3 * 2)) make_thin_group "$2"
    mke2fs -q -F -t ext4 -O "$ext4_features" -U "$ROOT_UUID" -d "$1" -E "offset=$pool,nodiscard" "$2" $((THIN_EXTENTS * 4))M
    thin_metadata >"$2.xml"
    on_range "$2" $((pool + POOL_EXTENTS * extent)) "$extent" thin_restore -q -i "$2.xml" -o
    rm "$2.xml"
}
make_array_2() { make_srv "$1" "$2" $(($3 * 3 / 2)); }

# make_thin_group FILE DEVICE: the volumes of a thin pool, made what they are to be in the group's metadata.
make_thin_group() {
    make_group old-vg data="$POOL_EXTENTS" metadata=1 pool=1 root=1 "$2"
    lvm_on "$2" vgcfgbackup -q -f "$1.backup" old-vg
    python3 "$METADATA_MAKER" "$1.backup" pool="$POOL_EXTENTS" root="$THIN_EXTENTS"
    lvm_on "$2" vgcfgrestore -q --force -f "$1.backup" old-vg
    rm "$1.backup"
}

# Each block of the volume in the same place of the pool. Blocks have 64 KiB.
thin_metadata() {
    local blocks=$((THIN_EXTENTS * 64))
    cat <<-EOT
	<superblock uuid="" time="0" transaction="1" version="2" data_block_size="128" nr_data_blocks="$((POOL_EXTENTS * 64))">
	<device dev_id="1" mapped_blocks="$blocks" transaction="0" creation_time="0" snap_time="0">
	<range_mapping origin_begin="0" data_begin="0" length="$blocks" time="0"/>
	</device>
	</superblock>
	EOT
}

# spread_array LEVEL FILE OFFSET DISK…: puts what is in the array onto these of its three disks, as md does: RAID 5 left-symmetric, RAID 10 near 2.
spread_array() {
    python3 - "$@" <<-'EOT'
	import os, sys
	level, array, at = int(sys.argv[1]), open(sys.argv[2], "rb"), int(sys.argv[3])
	disks = [os.open(name, os.O_WRONLY) for name in sys.argv[4:]]
	STRIPE, DISKS = 65536, 3

	def put(disk, row, piece):
	    if disk < len(disks) and piece.strip(b"\0"):
	        os.pwrite(disks[disk], piece, at + row * STRIPE)

	def put_row_of_5(row, pieces):
	    parity = DISKS - 1 - row % DISKS
	    both = (int.from_bytes(piece, "little") for piece in pieces)
	    put(parity, row, (next(both) ^ next(both)).to_bytes(STRIPE, "little"))
	    for number, piece in enumerate(pieces):
	        put((parity + 1 + number) % DISKS, row, piece)

	number, before = 0, b""
	while piece := array.read(STRIPE):
	    if level == 1:
	        for disk in range(DISKS):
	            put(disk, number, piece)
	    elif level == 10:
	        for place in 2 * number, 2 * number + 1:
	            put(place % DISKS, place // DISKS, piece)
	    elif number % 2:
	        put_row_of_5(number // 2, [before, piece])
	    number, before = number + 1, piece
	EOT
}

settings_arrays() {
    cat >>"$1/etc/fstab" <<-EOT
	/dev/md0 /boot ext4 defaults 0 2
	/dev/md2 /srv ext4 defaults 0 2
	EOT
    put "$1" /etc/mdadm/mdadm.conf <<-EOT
	DEVICE /dev/sda[123] /dev/sdb[123] /dev/sdc[123]
	HOMEHOST <system>
	MAILADDR root
	ARRAY /dev/md0 metadata=1.2 UUID=00010203:04050607:08090a0b:0c0d0e0f name=rehost:0
	ARRAY /dev/md1 metadata=1.2 UUID=10111213:14151617:18191a1b:1c1d1e1f name=rehost:1
	ARRAY /dev/md2 metadata=1.2 UUID=20212223:24252627:28292a2b:2c2d2e2f name=rehost:2
	EOT
}

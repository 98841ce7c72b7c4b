# shellcheck shell=bash disable=SC2034,SC2154  # sourced by build: what it sets is read there, and what it reads is set by GUEST.guest
# The first half of a RAID 1 over two disks, with everything in it; the other half stays behind.

use volumes.sh
MEMBER_MAKER=$HERE/../../used/lib/md-superblock.py
made_from "$MEMBER_MAKER"

make_member() { python3 "$MEMBER_MAKER" "$1" 1.2; }

layout_raid() {
    local data size
    image_partition "$2"
    read -r data size < <(on_range "$2" $((PARTITION_START * 512)) $(($(stat -c %s "$2") - PARTITION_START * 512)) make_member)
    mke2fs -q -F -t ext4 -O "$ext4_features" -U "$ROOT_UUID" -d "$1" -E "offset=$((PARTITION_START * 512 + data)),nodiscard" "$2" "$((size / 1024))k"
}

settings_raid() {
    put "$1" /etc/mdadm/mdadm.conf <<-EOF
	DEVICE /dev/sda1 /dev/sdb1
	HOMEHOST <system>
	MAILADDR root
	ARRAY /dev/md0 metadata=1.2 UUID=00010203:04050607:08090a0b:0c0d0e0f name=rehost:0
	EOF
}

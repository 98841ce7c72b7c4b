# shellcheck shell=bash disable=SC2034,SC2154  # sourced by build: what it sets is read there, and what it reads is set by GUEST.guest
# What became of the same when a second disk was added for room: the group reaches onto all of that one, which has no table. The root lies on both in one
# piece each, /srv in stripes. The second disk is a file of its own beside the image.

use layout/lvm.sh
SECOND_SIZE=1073741824
ROOT_ON_FIRST=400 ROOT_ON_SECOND=80 SRV=64 # extents
STRIPE=524288

layout_two() {
    local first=$((LVM_START * 512)) extent=$((4 << 20)) second=${image%.img}.second
    truncate -s "$SECOND_SIZE" "$2.second"
    lvm_partition "$2"
    make_boot "$2" "$1" "$PARTITION_START" "$BOOT_SECTORS"
    on_range "$2" "$first" $((LVM_SECTORS * 512)) on_range "$2.second" 0 "$SECOND_SIZE" make_group_of_two
    make_root "$1" "$2.root" $(((ROOT_ON_FIRST + ROOT_ON_SECOND) * extent))
    make_srv "$1" "$2.srv" $((SRV * extent))
    spread "$2.root" "$2.srv" "$2" $((first + (1 << 20))) "$2.second" $((1 << 20)) $((ROOT_ON_FIRST * extent)) $((ROOT_ON_SECOND * extent)) "$STRIPE"
    rm "$2.root" "$2.srv"
    forget_unused "$guest-*.second" $((3 * 60))
    mv "$2.second" "$second"
}

# make_group_of_two FIRST SECOND
make_group_of_two() {
    local both="$1 $2"
    lvm_on "$both" pvcreate -q --dataalignment 1m "$1" "$2"
    lvm_on "$both" vgcreate -q --physicalextentsize 4m old-vg "$1" "$2"
    lvm_on "$both" lvcreate -q -an -Zn -Wn -l "$ROOT_ON_FIRST" -n root old-vg "$1"
    lvm_on "$both" lvextend -q -l "+$ROOT_ON_SECOND" old-vg/root "$2"
    lvm_on "$both" lvcreate -q -an -Zn -Wn -l "$SRV" --stripes 2 --stripesize "${STRIPE}b" -n srv old-vg "$1" "$2"
}

# make_root ROOT VOLUME BYTES
make_root() {
    truncate -s "$3" "$2"
    on_range "$2" 0 "$3" make_xfs
    on_range "$2" 0 "$3" fill_from "$1"
}

# make_srv ROOT VOLUME BYTES: what is in it can be told to be whole.
make_srv() {
    mkdir "$1.srv"
    head -c 150M /dev/urandom >"$1.srv/data"
    (cd "$1.srv" && sha256sum data >sum)
    mke2fs -q -F -t ext4 -O "$ext4_features" -d "$1.srv" "$2" "$(($3 / 1024))k" >/dev/null
}

# spread ROOT SRV FIRST OFFSET SECOND OFFSET BYTES-OF-ROOT-ON-FIRST ON-SECOND STRIPE: puts the volumes where the group has them.
spread() {
    python3 - "$@" <<-'EOF'
	import os, sys
	root, srv, first, first_at, second, second_at, on_first, on_second, stripe = (int(word) if word.isdigit() else word for word in sys.argv[1:])
	disks = [os.open(first, os.O_WRONLY), os.open(second, os.O_WRONLY)]
	at = [first_at, second_at]
	def put(disk, source, start, length):
	    for done in range(0, length, stripe):
	        piece = os.pread(source, stripe, start + done)
	        if piece.strip(b"\0"):
	            os.pwrite(disks[disk], piece, at[disk] + done)
	    at[disk] += length
	source = os.open(root, os.O_RDONLY)
	put(0, source, 0, on_first)
	put(1, source, on_first, on_second)
	source = os.open(srv, os.O_RDONLY)
	for number in range(os.fstat(source).st_size // stripe):
	    put(number % 2, source, number * stripe, stripe)
	EOF
}

settings_two() {
    cat >>"$1/etc/fstab" <<-EOF
	/dev/sda1 /boot ext4 defaults 0 2
	/dev/old-vg/srv /srv ext4 defaults 0 2
	EOF
    sed -i '/^devices {/a\	filter = [ "a|^/dev/sda5$|", "a|^/dev/sdb$|", "r|.*|" ]' "$1/etc/lvm/lvm.conf"
    grep -q sdb "$1/etc/lvm/lvm.conf"
}

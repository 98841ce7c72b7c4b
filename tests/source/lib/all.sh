# shellcheck shell=bash
# What the tests of the sources share: one bootable disk, pulled through each of them, and what must be gone afterwards.

# A /run of our own, so that what a source leaves there can be seen.
[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP root is needed, for a mount namespace"; exit 0; }
# shellcheck source=tests/vm/lib/namespace.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../vm/lib/namespace.sh"
mount -t tmpfs run /run

# shellcheck source=tests/pull/lib/all.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../pull/lib/all.sh"

DISK_BYTES=$((48 << 20))
# shellcheck disable=SC2034 # the tests use them
DISK=$WORK/disk.img TARGET=$WORK/target

# make_disk: $DISK, with boot code, a partition table and a file system with files in it.
make_disk() {
    mkdir -p "$WORK/files/etc"
    echo moved >"$WORK/files/etc/hostname"
    head -c 36000000 /dev/urandom >"$WORK/files/noise" # in all parts of the disk, where an image has several
    truncate -s "$DISK_BYTES" "$DISK"
    head -c 440 /dev/urandom | dd of="$DISK" conv=notrunc status=none
    printf 'label: dos\nstart=1MiB, type=83, bootable\n' | sfdisk -q "$DISK"
    mke2fs -q -t ext4 -d "$WORK/files" -E offset=$((1 << 20)) "$DISK" $(((DISK_BYTES >> 10) - 1024))k
}

# split_image FOLDER NAME: $DISK in three parts, each of its own kind, and the descriptor FOLDER/NAME.vmdk.
split_image() {
    local part
    for part in 1 2; do
        dd if="$DISK" of="$WORK/piece" bs=16M skip=$((part - 1)) count=1 status=none
        qemu-img convert -f raw -O vmdk -o subformat=twoGbMaxExtentSparse "$WORK/piece" "$WORK/piece.vmdk"
        mv "$WORK/piece-s001.vmdk" "$1/$2-s00$part.vmdk"
    done
    { head -c 1M /dev/urandom; tail -c 16M "$DISK"; } >"$1/$2-f003.vmdk"
    printf '%s\n' '# Disk DescriptorFile' version=1 CID=12345678 parentCID=ffffffff 'createType="twoGbMaxExtentSparse"' '' '# Extent description' \
        "RW 32768 SPARSE \"$2-s001.vmdk\"" "RDONLY 32768 SPARSE \"$2-s002.vmdk\"" "RW 32768 FLAT \"$2-f003.vmdk\" 2048" 'ddb.adapterType = "lsilogic"' >"$1/$2.vmdk"
}

# arrives_by URI: all of the disk, by this source; and nothing that was started for it stays.
arrives_by() {
    rm -f "$TARGET"
    SOURCE_MARK=$WORK pulls_whole "$DISK" "$1" "$TARGET" && leaves_nothing
}

# refuses URI PATTERN: the message matches, no target is made, and nothing stays.
refuses() {
    rm -f "$TARGET"
    SOURCE_MARK=$WORK pull_says 1 "$2" "$1" "$TARGET" || return 1
    [ ! -e "$TARGET" ] || { echo "a target was made"; return 1; }
    leaves_nothing
}

# What the program starts inherits its environment. A program that was killed takes the others with it a moment later.
nothing_runs() { ! grep -lsz "^SOURCE_MARK=$WORK\$" /proc/[0-9]*/environ; }
leaves_nothing() {
    wait_until nothing_runs || return 1
    ! compgen -G '/run/rehost-*' || { echo "a private folder is left"; return 1; }
}

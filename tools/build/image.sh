# shellcheck shell=bash
# shellcheck disable=SC2154 # top comes from inside
# The initramfs: dracut lays it out from initramfs/99rehost and nothing else; its /usr is packed as a squashfs. Runs in the build root.

kernel_version() { basename /usr/lib/modules/*; }

# dracut finds its modules below its own folder: a copy of that with one module, ours. Not links: dracut gives every file in the
# image the time of its own dracut-functions.sh, which a link would not have.
dracut_folder() {
    local folder
    folder=$(mktemp -d)
    cp -a /usr/lib/dracut/. "$folder"
    rm -r "$folder/modules.d"
    mkdir "$folder/modules.d"
    ln -s "$top/initramfs/99rehost" "$folder/modules.d/99rehost"
    echo "$folder"
}

# What the initramfs is made from. The compression takes a minute: it is not done again for the same.
image_key() {
    key_of "$(cd "$top" && find rootfs initramfs config/drivers tools/build/image.sh "$1" -type f -exec sha256sum {} + | sort)" \
        "$(libs_prefix)" "$(kernel_version)" "$(dpkg-query -W)"
}

# image_build BINARY OUT: the kernel and the initramfs.
image_build() {
    local binary=$1 out=$2 key
    key=$(image_key "$binary")
    mkdir -p "$out"
    if [ "$key" = "$(cat "$out/initramfs.key" 2>/dev/null)" ] && [ -e "$out/initramfs.img" ]; then
        note "The initramfs is up to date"
    else
        initramfs_build "$binary" "$out"
        echo "$key" >"$out/initramfs.key"
    fi
    cmd cp "/boot/vmlinuz-$(kernel_version)" "$out/vmlinuz"
}

# initramfs_build BINARY OUT
initramfs_build() {
    local out=$2 new=$2/initramfs.img.new work
    work=$(mktemp -d)
    rm -f "$out/initramfs.key"
    tree_build "$1" "$work"
    usr_pack "$work/tree"
    archive_pack "$work/tree" >"$new"
    rm -rf "$work"
    mv "$new" "$out/initramfs.img"
}

# tree_build BINARY FOLDER: FOLDER/tree is the appliance's file system. The modules stay .ko.xz, which the kernel reads as they are.
tree_build() {
    local work=$2
    export REHOST_BINARY=$1 REHOST_PREFIX dracutbasedir
    REHOST_PREFIX=$(libs_prefix)
    dracutbasedir=$(dracut_folder)
    mkdir -p /tmp/no-configuration "$work/tree"
    cmd dracut --force --quiet --reproducible --no-hostonly --no-early-microcode --nostrip \
        --conf /dev/null --confdir /tmp/no-configuration --tmpdir /tmp \
        --omit-drivers "$(list "$top/config/drivers/omitted.list" | paste -sd" ")" \
        --modules rehost --no-compress "$work/tree.cpio" "$(kernel_version)"
    archive_unpack "$work/tree" <"$work/tree.cpio"
    # Reproducible: every file is as old as dracut itself.
    find "$work/tree" -exec touch -hd "@$(image_time)" {} +
}

image_time() { stat -c %Y /usr/lib/dracut/dracut-functions.sh; }

# usr_pack TREE: TREE/usr.squashfs instead of TREE/usr. Files of the archive stay in memory; those of a squashfs are dropped and
# unpacked again as they are needed, and the machine has 40 MB more to copy with. rcS mounts it.
usr_pack() {
    local usr=$1/usr
    SOURCE_DATE_EPOCH=$(image_time) cmd mksquashfs "$usr" "$usr.squashfs" -quiet -no-progress -noappend -all-root -no-xattrs \
        -comp zstd -Xcompression-level 19 -b 256K
    rm -r "$usr"
    mkdir "$usr"
    touch -hd "@$(image_time)" "$1" "$usr" "$usr.squashfs"
}

# Sorted, so that what complains of an archive that was cut off (bin, etc) comes first, and the mark of its end last. What is
# squashed becomes no smaller by a better compression, which would take half a minute.
archive_pack() {
    ( cd "$1" && find . -print0 | LC_ALL=C sort -z | cpio --null --reproducible -o -H newc -R 0:0 --quiet ) | zstd -9 -T0 -q
}

# archive_unpack FOLDER, which is there; the archive comes on stdin.
archive_unpack() { ( cd "$1" && cpio -idm --no-absolute-filenames --quiet ); }

# image_unpack IMAGE FOLDER: the appliance's whole file system, as it is when /usr is mounted.
image_unpack() {
    mkdir -p "$2"
    zstd -dc "$1" | archive_unpack "$2"
    unsquashfs -quiet -no-progress -force -dest "$2/usr" "$2/usr.squashfs"
    rm "$2/usr.squashfs"
}

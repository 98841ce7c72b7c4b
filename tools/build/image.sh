# shellcheck shell=bash
# The initramfs: dracut builds it from initramfs/99rehost and nothing else. Runs in the build root.

kernel_version() { basename /usr/lib/modules/*; }

# dracut finds its modules below its own folder: a folder of links to everything of it, and one module, ours.
dracut_folder() {
    local folder
    folder=$(mktemp -d)
    ln -s /usr/lib/dracut/* "$folder"
    rm "$folder/modules.d"
    mkdir "$folder/modules.d"
    ln -s "$top/initramfs/99rehost" "$folder/modules.d/99rehost"
    echo "$folder"
}

# image_build BINARY OUT: the kernel and the initramfs.
image_build() {
    local binary=$1 out=$2 kernel
    kernel=$(kernel_version)
    mkdir -p "$out"
    export REHOST_BINARY=$binary REHOST_PREFIX dracutbasedir
    REHOST_PREFIX=$(libs_prefix)
    dracutbasedir=$(dracut_folder)
    mkdir -p /tmp/no-configuration
    # Reproducible: file times are SOURCE_DATE_EPOCH's. The modules stay .ko.xz, which makes the smallest image in memory.
    cmd dracut --force --quiet --reproducible --no-hostonly --no-early-microcode --nostrip \
        --conf /dev/null --confdir /tmp/no-configuration --tmpdir /tmp \
        --modules rehost --compress "zstd -19 -T0 -q" "$out/initramfs.img.new" "$kernel"
    chmod 644 "$out/initramfs.img.new"
    mv "$out/initramfs.img.new" "$out/initramfs.img"
    cmd cp "/boot/vmlinuz-$kernel" "$out/vmlinuz"
}

# shellcheck shell=bash
# shellcheck disable=SC2154 # top comes from inside
# The initramfs: dracut builds it from initramfs/99rehost and nothing else. Runs in the build root.

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
    local out=$2 new=$2/initramfs.img.new
    export REHOST_BINARY=$1 REHOST_PREFIX dracutbasedir
    REHOST_PREFIX=$(libs_prefix)
    dracutbasedir=$(dracut_folder)
    mkdir -p /tmp/no-configuration
    rm -f "$out/initramfs.key"
    # Reproducible: no file is younger than dracut itself. The modules stay .ko.xz, which makes the smallest image in memory.
    cmd dracut --force --quiet --reproducible --no-hostonly --no-early-microcode --nostrip \
        --conf /dev/null --confdir /tmp/no-configuration --tmpdir /tmp \
        --modules rehost --compress "zstd -19 -T0 -q" "$new" "$(kernel_version)"
    chmod 644 "$new"
    mv "$new" "$out/initramfs.img"
}

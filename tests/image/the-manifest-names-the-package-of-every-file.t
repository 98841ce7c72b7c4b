#!/bin/bash
# shellcheck disable=SC2016 # $name is jq's
# Whoever passes the image on must say what is in it.
# shellcheck source=tests/image/lib/image.sh
. "$(dirname "$0")/lib/image.sh"

needs manifest.json initramfs.img
for tool in jq cpio zstd unsquashfs; do
    command -v "$tool" >/dev/null || skip_all "$tool is needed: './build.sh test tests/image' has it"
done

# Not of a package: this repository's own files, what dracut, depmod and ldconfig write down about the rest, and modules once more, unpacked.
written_by_the_build='^(early/.*|etc/ld.so.cache|etc/mke2fs.conf|usr/lib/modules/[^/]*/modules\..*|usr/lib/dracut/.*|zzz-end-of-archive)$'

own_files() { find "$TOP/rootfs" -type f -printf '%P\n' | sed 's,^lib/,usr/lib/,' | sort; }

files_without_package() {
    find "$WORK/image" -type f -printf '%P\n' |
        sed -E 's,^(bin|sbin|lib|lib64)/,usr/\1/,; s,^usr/sbin/,usr/bin/,' | grep -vE "$written_by_the_build" | sort -u >"$WORK/files"
    jq -r '.packages[].files[]' "$OUT/manifest.json" | sort -u - <(own_files) | comm -23 "$WORK/files" -
}

every_file_has_one() {
    local without
    without=$(files_without_package)
    echo "of no package: $without"
    [ -s "$WORK/files" ] && [ -z "$without" ]
}

names() { jq -e --arg name "$1" '.packages[] | select(.name == $name and .version != "" and .source_version != "")' "$OUT/manifest.json"; }

all_have_version_and_licence() {
    jq -e '[.packages[] | select((.version | length) == 0 or (.source | length) == 0 or (.licences | length) == 0)] | length == 0' "$OUT/manifest.json"
}

must "the image can be unpacked" image_unpack "$OUT/initramfs.img" "$WORK/image"
must "the manifest is JSON of version 1" jq -e '.version == 1' "$OUT/manifest.json"
tries "every file of the image belongs to a package of the manifest" every_file_has_one
tries "every package has a version, a source and a licence" all_have_version_and_licence
for package in busybox e2fsprogs util-linux cjson xxhash lvm2 partclone nbdkit shim-signed grub-efi-amd64-signed isolinux; do
    tries "$package is named with its version" names "$package"
done
tap_done

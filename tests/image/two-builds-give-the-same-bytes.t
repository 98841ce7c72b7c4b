#!/bin/bash
# The initramfs and the ISO, built once more from the same program and libraries, in other folders.
# shellcheck source=tests/image/lib/image.sh
. "$(dirname "$0")/lib/image.sh"

needs rehost rehost.iso initramfs.img pxe
[ -d /cache/libs ] || skip_all "this is not the build root: './build.sh test tests/image' runs it there"

build_again() {
    tools/build/inside image_build out/rehost "$WORK/again" &&
        tools/build/inside manifest_build "$WORK/again" &&
        tools/build/inside iso_build "$WORK/again" "$WORK/again/rehost.iso"
}

same() { cmp "$OUT/$1" "$WORK/again/$1"; }

cd "$TOP"
must "the image can be built a second time" build_again
for file in vmlinuz initramfs.img manifest.json rehost.iso; do
    tries "$file is the same, byte by byte" same "$file"
done
tap_done

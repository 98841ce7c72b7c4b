#!/bin/bash
# Programs and nbdkit's plugins: every library that one needs, and that those need, is in the image.
# shellcheck source=tests/image/lib/image.sh
. "$(dirname "$0")/lib/image.sh"

needs initramfs.img
for tool in cpio zstd unsquashfs readelf; do
    command -v "$tool" >/dev/null || skip_all "$tool is needed: './build.sh test tests/image' has it"
done

# "FILE LIBRARY" for everything that is linked dynamically.
needed() {
    find "$WORK/image/usr/bin" "$WORK/image/usr/sbin" "$WORK/image/usr/lib" -type f -not -name '*.ko.xz' |
        while read -r file; do
            { readelf -d "$file" 2>/dev/null || true; } | sed -nE "s,.*\(NEEDED\).*\[(.*)\],${file#"$WORK/image"} \1,p"
        done
}

none_is_missing() {
    local file library missing=0
    while read -r file library; do
        [ -e "$WORK/image/usr/lib/x86_64-linux-gnu/$library" ] || [ -e "$WORK/image/usr/lib64/$library" ] ||
            { echo "$file needs $library, which is not there"; missing=1; }
    done <"$WORK/needed"
    [ "$missing" -eq 0 ]
}

# A list that came out empty by mistake would have nothing missing.
list_is_plausible() { grep -q 'nbdkit-curl-plugin.so libcurl' "$WORK/needed" && grep -q '/lvm libdevmapper' "$WORK/needed"; }

must "the image can be unpacked" image_unpack "$OUT/initramfs.img" "$WORK/image"
needed >"$WORK/needed"
must "what programs and plugins need can be read" list_is_plausible
tries "every library that is needed is in the image" none_is_missing
tap_done

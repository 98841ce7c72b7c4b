#!/bin/bash
# A Debian whose initrd builder is gone, fails, or leaves the drivers out: its own modules are appended to the initrd that is there, and what runs in
# it finds them by their indexes. Undo brings every byte back.
set -euo pipefail
# shellcheck source=tests/fix/lib/fix.sh
. "$(dirname "$0")/lib/fix.sh"
needs_guest "${GUEST:-debian12}"

# changed NAME COMMAND...: and what it is like then, as remember has it, with one mount.
changed() { mounted rw change_and_list "${@:2}" >"$WORK/$1"; }
change_and_list() { "$@" && list_files; }
prove() { "$REHOST" prove --hardware "$MACHINE" "$WORK/disk"; }
initrd_of() { cp "$MOUNT"/boot/initrd.img-* "$WORK/$1"; }
take_builder_away() {
    mkdir "$WORK/builder"
    mv "$MOUNT"/usr/sbin/{update-initramfs,mkinitramfs} "$WORK/builder"
    initrd_of old
    basename "$MOUNT"/boot/vmlinuz-* | sed 's/vmlinuz-//' >"$WORK/version"
}
# builder_is SCRIPT: in its place.
builder_is() {
    rm -f "$MOUNT/root/fill" "$MOUNT/root/last"
    cp -p "$WORK/builder/mkinitramfs" "$MOUNT/usr/sbin/"
    printf '#!/bin/sh\n%s\n' "$1" >"$MOUNT/usr/sbin/update-initramfs"
    chmod 755 "$MOUNT/usr/sbin/update-initramfs"
}

# What the kernel makes of both archives, in $WORK/tree.
unpack() {
    local old offset
    old=$(stat -c %s "$WORK/old")
    offset=$(((old + 4 + 511) / 512 * 512))
    mkdir "$WORK/tree"
    cmp -n "$old" "$WORK/old" "$WORK/new" && zstd -dcq "$WORK/old" | (cd "$WORK/tree" && cpio -idm --quiet) &&
        tail -c "+$((offset + 1))" "$WORK/new" | (cd "$WORK/tree" && cpio -idmu --quiet) && [ -x "$WORK/tree/sbin/modprobe" ]
}
# in_initrd ARGUMENT...: the modules that modprobe, as it is in there, would load for this; each has its file.
in_initrd() {
    local file
    chroot "$WORK/tree" /sbin/modprobe --set-version "$(cat "$WORK/version")" --show-depends "$@" >"$WORK/loads"
    cat "$WORK/loads"
    while read -r _ file _; do [ -s "$WORK/tree$file" ] || return 1; done <"$WORK/loads"
}
loads() { in_initrd "$1" && grep -q "/$2.ko" "$WORK/loads"; }
# room_for BYTES: and for no more.
room_for() {
    fallocate -l "$(($(stat -f -c '%f * %S' "$MOUNT") - 67108864))" "$MOUNT/root/fill"
    dd if=/dev/zero of="$MOUNT/root/last" bs=4k status=none 2>/dev/null || true
    truncate -s "-$1" "$MOUNT/root/last"
}

changed before take_builder_away
must "the drivers are appended, and planned anew nothing is left" ends_with 0 "nothing is left to be changed" fix
tries "... with a warning" grep -q '^warning: the initrd of .* rehost appends them to it' "$WORK/said"
tries "the initrd holds virtio_blk" holds_virtio
tries "every link of the chain holds" ends_with 0 "Every link holds" prove
mounted ro initrd_of new
must "the old initrd is the beginning of the new one" unpack
tries "its modprobe loads the disk's driver, and what that depends on" loads virtio_blk virtio_ring
tries "... and finds the controller's by its alias" loads pci:v00001AF4d00001001sv00001AF4sd00000002bc01sc00i00 virtio_pci_modern_dev
tries "... and still those that were there" loads sym53c8xx scsi_transport_spi
tries "the initrd's own list names the drivers" grep -x virtio_blk "$WORK/tree/conf/modules"
tries "a second fix has nothing to change" ends_with 0 "nothing has to be changed" fix
tries "the fix is taken back" ends_with 0 "taken back" fix --undo
remember undone
tries "every file is as it was" same before undone

changed full room_for "$(stat -c %s "$WORK/old")"
tries "without room for the longer initrd it is refused" ends_with 3 "No space left on device" fix
remember still-full
tries "... and nothing was changed" same full still-full

changed broken builder_is 'rm /boot/initrd.img-*; echo "it is broken today"; exit 1'
must "where the builder fails, the drivers are appended to the old initrd" ends_with 0 "nothing is left to be changed" fix
tries "... with a warning that says what it said" grep -q '^warning: what /boot/initrd.* it is broken today' "$WORK/said"
tries "the initrd holds virtio_blk" holds_virtio
tries "the fix is taken back" ends_with 0 "taken back" fix --undo
remember undone
tries "every file is as it was" same broken undone

mounted rw builder_is 'exit 0'
must "where the builder leaves the drivers out, they are appended" ends_with 0 "nothing is left to be changed" fix
tries "... with a warning" grep -q '^warning: .*left drivers out' "$WORK/said"
tries "the initrd holds virtio_blk" holds_virtio
tap_done

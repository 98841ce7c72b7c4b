#!/bin/bash
# Debian 12 with its root in LUKS, opened by a key file in its initramfs. The job gives the same key to rehost, from a file beside the appliance's own.
# minutes: 7
# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

# shellcheck disable=SC2329  # called by volume_move_claims
root_is_encrypted() {
    local seen
    seen=$(guest_run "$1" 'findmnt -n -o SOURCE,FSTYPE /; cryptsetup status cryptroot; cat /etc/crypttab')
    echo "$seen"
    [[ $seen == /dev/mapper/cryptroot*ext4*LUKS1*/dev/sda2*'cryptroot UUID='* ]]
}

# The kernel unpacks one archive after the other: the key comes with the appliance, as it could from a network boot server.
mkdir -p "$WORK/more/keys"
printf 'root-key-4711' >"$WORK/more/keys/root.key"
appliance_prerequisites vmlinuz initramfs.img
(cd "$WORK/more" && find keys | cpio --quiet -o -H newc) >"$WORK/more.cpio"
cp "$OUT/initramfs.img" "$WORK/initramfs.img"
truncate -s %4 "$WORK/initramfs.img" # the next archive has to begin so
cat "$WORK/more.cpio" >>"$WORK/initramfs.img"
VOLUME_APPLIANCE=(initrd="$WORK/initramfs.img")
VOLUME_TARGET=(disk_controller=virtio-scsi "nics=igb=52:54:00:bb:00:01")
VOLUME_DRIVERS=(virtio_scsi igb)
volume_move_claims luks /dev/mapper/cryptroot root_is_encrypted rehost.luks-key=/keys/root.key

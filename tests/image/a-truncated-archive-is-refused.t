#!/bin/bash
# A download that was cut off: the kernel goes on with what it could unpack, and nothing may touch a disk then.
# shellcheck source=tests/image/lib/image.sh
. "$(dirname "$0")/lib/image.sh"

needs vmlinuz initramfs.img
blank_disk "$WORK/disk.img" 64M
# All but the last 3 %, which hold programs and the end marker.
head -c "$(($(stat -c %s "$OUT/initramfs.img") * 97 / 100))" "$OUT/initramfs.img" >"$WORK/cut.img"
must "the machine starts" appliance_start cut '' initrd="$WORK/cut.img" disk="$WORK/disk.img"
must "the appliance says that its archive is not whole" expect cut '!!! FAILED at hardware: unpack the initramfs' "$BOOT_SECONDS"
tries "it says what to do" expect cut 'copy it again' "$BOOT_SECONDS"
tries "it says that the source is untouched" expect cut 'The source is untouched' "$BOOT_SECONDS"
sleep 5
tries "rehost was not started" says_nowhere cut '==> hardware'
tries "the disk is untouched" disk_is_untouched "$WORK/disk.img"
tap_done

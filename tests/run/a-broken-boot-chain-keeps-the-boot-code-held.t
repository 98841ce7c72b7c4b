#!/bin/bash
# The source's GRUB core image is gone, which only shows when the chain is proved: no disk that would boot is left, and it is said why.
# shellcheck source=tests/run/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

real_server
cp --sparse=always "$IMAGE" "$WORK/source"
dd if=/dev/zero of="$WORK/source" bs=512 seek=1 count=60 conv=notrunc status=none
blank_image "$WORK/target" 3072M
source_start "$WORK/source"
job "source=$SOURCE" "disk=$WORK/target" "confirm=yes"

tries "it ends with status 1" runs 1 -- --job "$JOB" --hardware "$HARDWARE" --status "$DOCUMENT"
tries "it fails at the proof, and names the link" shows '^!!! FAILED at prove: the boot chain is broken at "boot'
tries "it does not say that it would reboot" shows_not 'rebooting'
tries "it says that the copy is whole and does not boot" shows 'holds the whole copy with its boot code held back: it does not boot'
tries "the boot code is held back" other_boot_code "$WORK/source" "$WORK/target"
tries "the status document says failed at prove" test "$(field 's["outcome"], s["stage"]')" = "('failed', 'prove')"
tries "started again, nothing is copied again" runs 1 -- --job "$JOB" --hardware "$HARDWARE"
tries "it says so" shows 'nothing had to be copied'
tries "it says what it found on the disk" shows 'It holds a complete copy of a source'
tap_done

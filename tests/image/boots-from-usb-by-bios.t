#!/bin/bash
# The same file written to a stick: isohybrid's boot record.
# shellcheck source=tests/image/lib/image.sh
. "$(dirname "$0")/lib/image.sh"

needs rehost.iso
boot_medium BIOS usb_stick="$OUT/rehost.iso"
tap_done

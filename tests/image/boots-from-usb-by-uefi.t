#!/bin/bash
# OVMF and a stick: the EFI partition of the isohybrid table.
# shellcheck source=tests/image/lib/image.sh
. "$(dirname "$0")/lib/image.sh"

needs rehost.iso
boot_medium UEFI firmware=uefi usb_stick="$OUT/rehost.iso"
tap_done

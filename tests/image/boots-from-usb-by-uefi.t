#!/bin/bash
# OVMF and a stick: the EFI partition of the isohybrid table.
. "$(dirname "$0")/lib/image.sh"

needs rehost.iso
boot_medium UEFI firmware=uefi usb_stick="$OUT/rehost.iso"
tap_done

#!/bin/bash
# OVMF without Secure Boot: shim and GRUB from the EFI image of the CD.
# shellcheck source=tests/image/lib/image.sh
. "$(dirname "$0")/lib/image.sh"

needs rehost.iso
boot_medium UEFI firmware=uefi cdrom="$OUT/rehost.iso"
tap_done

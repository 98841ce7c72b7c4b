#!/bin/bash
# OVMF with Microsoft's keys: firmware, shim, GRUB and kernel each verify the next, and the kernel locks itself down
# and loads only Debian's signed modules. The disk is there, so its driver was accepted.
# shellcheck source=tests/image/lib/image.sh
. "$(dirname "$0")/lib/image.sh"

needs rehost.iso
boot_medium 'UEFI with Secure Boot, kernel lockdown integrity' firmware=uefi-secure cdrom="$OUT/rehost.iso"
tap_done

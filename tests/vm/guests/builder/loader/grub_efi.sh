# shellcheck shell=bash disable=SC2034,SC2154  # sourced by build: what it sets is read there, and what it reads is set by GUEST.guest
# GRUB 2, started by UEFI through shim.

use loader/grub.sh
loader_packages=initramfs-tools,grub-efi-amd64,grub-efi-amd64-signed,shim-signed

settings_grub_efi() { settings_grub "$1"; }
image_grub_efi() { :; } # it lies in the EFI system partition

# shellcheck shell=bash disable=SC2034,SC2154  # sourced by build: what it sets is read there, and what it reads is set by GUEST.guest
# systemd-boot, started by UEFI.

loader_packages=initramfs-tools,systemd-boot,systemd-boot-efi

settings_systemd_boot() {
    settings_initramfs "$1"
    put "$1" /etc/kernel/cmdline <<<"root=UUID=$ROOT_UUID rootflags=$root_options ro console=tty0 console=ttyS0,115200"
}

image_systemd_boot() { :; } # it lies in the EFI system partition

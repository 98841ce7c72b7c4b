#!/bin/bash
# Debian 11 with LILO and sysvinit comes from LSI SCSI and e1000 to a machine with AHCI and a Realtek card: extlinux starts it, and after its own tools
# have installed its kernel again, too.
# minutes: 6
# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

# What dpkg runs when a kernel is installed: the initramfs is made anew, and the hooks of LILO and of extlinux run.
# shellcheck disable=SC2016  # for the guest's shell
KERNEL_COMES='dpkg-reconfigure --frontend=noninteractive linux-image-$(uname -r)'

# The label that the hook wrote is named after the kernel; before it, it was a number.
default_is_the_kernel() {
    # shellcheck disable=SC2016  # for the guest's shell
    guest_run "$1" 'grep "^DEFAULT" /boot/extlinux/extlinux.conf && grep -qx "DEFAULT $(uname -r)" /boot/extlinux/extlinux.conf'
}

machine=(disk_controller=ahci nics="rtl8139=52:54:00:bb:00:01")
appliance_prerequisites vmlinuz initramfs.img
move_source lilo
unmoved_finds_no_root /dev/sda1 "${machine[@]}" # LILO has started it
move_to_target "${machine[@]}"
old_server_claims moved "$ssh_port" "after the move" guest_runs_on /dev/sda1 8139cp
time_stage 'first boot'
tries "its kernel is installed again by its own tools" guest_updates "$ssh_port" "$KERNEL_COMES"
tries "... and is what extlinux starts by default" default_is_the_kernel "$ssh_port"
time_stage 'kernel installed'
guest_ask_reboot "$ssh_port"
must "it boots again after that" ssh_wait moved "$ssh_port" "$BOOT_SECONDS"
time_stage 'second boot'
move_done

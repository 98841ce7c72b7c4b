#!/bin/bash
# Debian 11 with LILO and sysvinit comes from LSI SCSI and e1000 to a machine with AHCI and a Realtek card: extlinux starts it, and after its own tools
# have installed its kernel again, too.
# minutes: 6
# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

# What dpkg runs when a kernel is installed: the initramfs is made anew, and the hooks of LILO and of extlinux run.
# shellcheck disable=SC2016  # for the guest's shell
KERNEL_COMES='dpkg-reconfigure --frontend=noninteractive linux-image-$(uname -r) && sync'
kernel_comes() { guest_run "$1" "timeout $UPDATE_SECONDS sh -c '$KERNEL_COMES'"; }

# The label that the hook wrote is named after the kernel; before it, it was a number.
default_is_the_kernel() {
    # shellcheck disable=SC2016  # for the guest's shell
    guest_run "$1" 'grep "^DEFAULT" /boot/extlinux/extlinux.conf && grep -qx "DEFAULT $(uname -r)" /boot/extlinux/extlinux.conf'
}

disk="$WORK/target.img"
machine=(disk_controller=ahci nics="rtl8139=52:54:00:bb:00:01")
appliance_prerequisites vmlinuz initramfs.img
move_source lilo
time_start
machine_start unmoved target "${machine[@]}" disk="$source_image" disk_options=snapshot=on
tries "unmoved, LILO starts it, and it does not find its root on the target" expect unmoved 'ALERT! +/dev/sda1 does not exist' "$BOOT_SECONDS"
machine_kill unmoved
time_stage 'no boot unmoved'
blank_disk "$disk" 4G
move_unattended move "$disk" "${machine[@]}"
port_reserve ssh_port
machine_start moved target "${machine[@]}" disk="$disk" ssh="$ssh_port"
must "it answers ssh on its own address" ssh_wait moved "$ssh_port" "$BOOT_SECONDS"
tries "its address is on lan0" guest_address_is_on_lan0 "$ssh_port"
tries "it runs on the target's disk and card" guest_runs_on "$ssh_port" /dev/sda1 8139cp
time_stage 'first boot'
tries "its kernel is installed again by its own tools" kernel_comes "$ssh_port"
tries "... and is what extlinux starts by default" default_is_the_kernel "$ssh_port"
time_stage 'kernel installed'
guest_ask_reboot "$ssh_port"
must "it boots again after that" ssh_wait moved "$ssh_port" "$BOOT_SECONDS"
time_stage 'second boot'
tries "the source is bit for bit what it was" image_is "$source_image" "$source_digest"
tap_done

#!/bin/bash
# 32 bits, GRUB legacy, sysvinit and ext3 come from LSI SCSI and e1000 to a machine with AHCI and a PCnet card.
# minutes: 5
# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

is_of_32_bits_with_sysvinit() {
    local seen
    seen=$(guest_run "$1" 'uname -m; readlink /proc/1/exe')
    echo "$seen"
    [[ $seen == i?86$'\n'*/init ]]
}

disk="$WORK/target.img"
machine=(disk_controller=ahci nics="pcnet=52:54:00:bb:00:01")
appliance_prerequisites vmlinuz initramfs.img
move_source legacy
time_start
machine_start unmoved target "${machine[@]}" disk="$source_image" disk_options=snapshot=on
tries "unmoved, it does not find its root on the target" expect unmoved 'ALERT! +/dev/sda1 does not exist' "$BOOT_SECONDS"
machine_kill unmoved
time_stage 'no boot unmoved'
blank_disk "$disk" 4G
move_unattended move "$disk" "${machine[@]}"
port_reserve ssh_port
machine_start moved target "${machine[@]}" disk="$disk" ssh="$ssh_port"
must "it answers ssh on its own address" ssh_wait moved "$ssh_port" "$BOOT_SECONDS"
tries "its address is on lan0" guest_address_is_on_lan0 "$ssh_port"
tries "it runs on the target's disk and NIC" guest_runs_on "$ssh_port" /dev/sda1 pcnet32
tries "it is what it was: of 32 bits, with sysvinit" is_of_32_bits_with_sysvinit "$ssh_port"
tries "its login is on the serial line" expect moved 'login: ' 90
time_stage 'first boot'
tries "the source is bit for bit what it was" image_is "$source_image" "$source_digest"
tap_done

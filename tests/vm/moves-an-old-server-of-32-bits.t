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

machine=(disk_controller=ahci nics="pcnet=52:54:00:bb:00:01")
appliance_prerequisites vmlinuz initramfs.img
move_source legacy
unmoved_finds_no_root /dev/sda1 "${machine[@]}"
move_to_target "${machine[@]}"
old_server_claims moved "$ssh_port" "after the move" guest_runs_on /dev/sda1 pcnet32
tries "it is what it was: of 32 bits, with sysvinit" is_of_32_bits_with_sysvinit "$ssh_port"
time_stage 'first boot'
move_done

#!/bin/bash
# 32 bits, extlinux, sysvinit and ext3 come from LSI SCSI and e1000 to a machine with AHCI and a PCnet card.
# minutes: 6
# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

is_of_32_bits_with_sysvinit() {
    local seen
    seen=$(guest_run "$1" 'uname -m; readlink /proc/1/exe')
    echo "$seen"
    [[ $seen == i?86$'\n'*/init ]]
}

# Of the loaders, extlinux alone hands on the initrd's name.
was_started_by_extlinux() {
    local line
    line=$(guest_run "$1" cat /proc/cmdline)
    echo "$line"
    [[ $line == *BOOT_IMAGE=/vmlinuz* && $line == *initrd=/initrd.img* && $line == *root=UUID=* && $line != *clocksource=* ]]
}

machine=(disk_controller=ahci nics="pcnet=52:54:00:bb:00:01")
appliance_prerequisites vmlinuz initramfs.img
move_source i386
unmoved_finds_no_root /dev/sda1 "${machine[@]}"
move_to_target "${machine[@]}"
old_server_claims moved "$ssh_port" "after the move" guest_runs_on /dev/sda1 pcnet32
tries "it is what it was: of 32 bits, with sysvinit" is_of_32_bits_with_sysvinit "$ssh_port"
tries "... and extlinux has started it, by its root's UUID" was_started_by_extlinux "$ssh_port"
time_stage 'first boot'
boots_again_after moved "$ssh_port" "update-initramfs works in it" 'update-initramfs -u'
move_done

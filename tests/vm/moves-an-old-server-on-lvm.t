#!/bin/bash
# GRUB legacy with a /boot of its own, as it cannot read LVM; the root in LVM, and sysvinit: from LSI SCSI and e1000 to virtio-scsi and an e1000e card.
# minutes: 7
# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

runs_from_its_volume() {
    local seen
    seen=$(guest_run "$1" 'findmnt -n -o SOURCE,FSTYPE /; findmnt -n -o SOURCE,FSTYPE /boot; swapon --noheadings --show=NAME; readlink /proc/1/exe; cat /etc/fstab /boot/grub/menu.lst')
    echo "$seen"
    [[ $seen == /dev/mapper/old--vg-root*ext3*/dev/sda1*ext3*/dev/dm-1*/init*UUID=0b7d2c31*/boot* && $seen != *systemd* && $seen != */dev/sda1\ /boot* ]]
}

appliance_prerequisites vmlinuz initramfs.img
move_source lvm-legacy
unmoved_finds_no_root /dev/mapper/old--vg-root "${VOLUME_TARGET[@]}"
move_to_target "${VOLUME_TARGET[@]}"
old_server_claims moved "$ssh_port" "after the move" guest_has_drivers "${VOLUME_DRIVERS[@]}"
tries "its root is the volume, /boot the partition, and init its old one" runs_from_its_volume "$ssh_port"
time_stage 'first boot'
boots_again_after moved "$ssh_port" "update-initramfs works in it" 'update-initramfs -u'
move_done

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

DISK="$WORK/target.img"
appliance_prerequisites vmlinuz initramfs.img
move_source lvm-legacy
time_start
machine_start unmoved target "${VOLUME_TARGET[@]}" disk="$source_image" disk_options=snapshot=on
tries "unmoved, it does not find its root on the target" expect unmoved 'ALERT! +/dev/mapper/old--vg-root does not exist' "$BOOT_SECONDS"
machine_kill unmoved
time_stage 'no boot unmoved'
blank_disk "$DISK" 4G
move_unattended move "$DISK" "${VOLUME_TARGET[@]}"
port_reserve ssh_port
machine_start moved target "${VOLUME_TARGET[@]}" disk="$DISK" ssh="${ssh_port:?}"
must "it answers ssh on its own address" ssh_wait moved "$ssh_port" "$BOOT_SECONDS"
tries "its address is on lan0" guest_address_is_on_lan0 "$ssh_port"
tries "it drives the target's controller and card" guest_has_drivers "$ssh_port" virtio_scsi e1000e
tries "its root is the volume, /boot the partition, and init its old one" runs_from_its_volume "$ssh_port"
tries "its login is on the serial line" expect moved 'login: ' "$BOOT_SECONDS"
time_stage 'first boot'
must "update-initramfs works in it" guest_run "$ssh_port" "timeout $UPDATE_SECONDS sh -c 'update-initramfs -u && sync'"
guest_run "$ssh_port" 'nohup sh -c "sleep 1; reboot" >/dev/null 2>&1 &'
must "it boots again after that" ssh_wait moved "$ssh_port" "$BOOT_SECONDS"
time_stage 'update and second boot'
tries "the source is bit for bit what it was" image_is "$source_image" "$source_digest"
tap_done

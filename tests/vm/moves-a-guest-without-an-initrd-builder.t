#!/bin/bash
# Debian 12 that has lost its initramfs-tools comes to a controller and a bus that its initrd has no drivers of: they are appended to that initrd.
# minutes: 6
# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
appliance_prerequisites vmlinuz initramfs.img
machine=(disk_controller=virtio-scsi nics=igb=52:54:00:bb:00:01)

# lose_builder DISK
lose_builder() {
    local file
    cp --sparse=always "$(guest_image debian12)" "$1"
    for file in update-initramfs mkinitramfs; do
        debugfs -w -R "rm /usr/sbin/$file" "$1?offset=1048576"
        ! debugfs -R "stat /usr/sbin/$file" "$1?offset=1048576" | grep Inode || return 1
    done
}

must "the server loses its initrd builder" lose_builder "$WORK/source.img"
move_file "$WORK/source.img"
source_serve no-builder "$source_image" "$source_port"
unmoved_finds_no_root /dev/sda1 "${machine[@]}"
move_to_target "${machine[@]}"
moved_claims moved "$ssh_port" "after the move" guest_has_drivers virtio_scsi igb
time_stage 'first boot'
move_done

#!/bin/bash
# Debian 12 that has lost its initramfs-tools comes to a controller and a bus that its initrd has no drivers of: they are appended to that initrd.
# minutes: 6
# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
appliance_prerequisites vmlinuz initramfs.img
machine=(disk_controller=virtio-scsi nics=igb=52:54:00:bb:00:01)
source_image=$WORK/source.img

lose_builder() {
    local file
    cp --sparse=always "$(guest_image debian12)" "$source_image"
    for file in update-initramfs mkinitramfs; do
        debugfs -w -R "rm /usr/sbin/$file" "$source_image?offset=1048576"
        ! debugfs -R "stat /usr/sbin/$file" "$source_image?offset=1048576" | grep Inode || return 1
    done
}

must "the server loses its initrd builder" lose_builder
source_digest=$(image_digest "$source_image")
port_reserve source_port
# shellcheck disable=SC2154 # set by port_reserve
source_serve no-builder "$source_image" "$source_port"
time_start
machine_start unmoved target "${machine[@]}" disk="$source_image" disk_options=snapshot=on
tries "unmoved, it does not find its root on the target" expect unmoved 'ALERT! +/dev/sda1 does not exist' "$BOOT_SECONDS"
machine_kill unmoved
time_stage 'no boot unmoved'
served_move_claims virtio_scsi igb "${machine[@]}"

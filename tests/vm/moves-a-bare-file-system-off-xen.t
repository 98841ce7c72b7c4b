#!/bin/bash
# A guest of Xen without a partition table and without a boot loader of its own comes to a machine with IDE and an Intel NIC, and to one of virtio.
# minutes: 6
# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

disk="$WORK/target.img"
machine=(disk="$disk" disk_controller=ide nics="e1000=52:54:00:bb:00:01")
appliance_prerequisites vmlinuz initramfs.img
move_source xen
tries "no firmware starts anything on its old disk" disk_does_not_boot "$source_image"
blank_disk "$disk" 4G
move_unattended move "$disk" "${machine[@]}"
port_reserve ssh_port
machine_start moved target "${machine[@]}" ssh="$ssh_port"
must "it answers ssh on its own address" ssh_wait moved "$ssh_port" "$BOOT_SECONDS"
tries "its address is on lan0" guest_address_is_on_lan0 "$ssh_port"
tries "it runs from the partition that its file system was put into" guest_runs_on "$ssh_port" /dev/sda1 e1000
tries "no unit has failed" guest_has_no_failed_unit "$ssh_port"
tries "its login is on the serial line" expect moved 'login: ' 90
time_stage 'first boot'
machine_kill moved

# The second is fixed without an appliance: what is looked at here is the first boot.
blank_disk "$disk" 4G
must "it is copied for a machine of virtio" "$OUT/rehost" pull --into-partition "nbd://127.0.0.1:${source_port:?}" "$disk"
must "and fixed for it" "$OUT/rehost" fix "$disk" --hardware "$TOP/tests/hardware/qemu-virtio.json"
time_stage 'pull and fix for virtio'
machine_start virtio target disk="$disk" ssh="$ssh_port"
must "on virtio it answers ssh on its own address" ssh_wait virtio "$ssh_port" "$BOOT_SECONDS"
tries "on virtio its address is on lan0" guest_address_is_on_lan0 "$ssh_port"
tries "on virtio it runs from its partition" guest_runs_on "$ssh_port" /dev/vda1 virtio_net
time_stage 'first boot on virtio'
tries "the source is bit for bit what it was" image_is "$source_image" "$source_digest"
tap_done

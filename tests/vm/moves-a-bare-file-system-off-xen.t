#!/bin/bash
# A guest of Xen without a partition table and without a boot loader of its own comes to a machine with IDE and an Intel NIC, and to one of virtio.
# minutes: 6
# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

machine=(disk_controller=ide nics="e1000=52:54:00:bb:00:01")
appliance_prerequisites vmlinuz initramfs.img
move_source xen
tries "no firmware starts anything on its old disk" disk_does_not_boot "$source_image"
move_to_target "${machine[@]}"
moved_claims moved "$ssh_port" "on IDE" guest_runs_on /dev/sda1 e1000 # the partition that its file system was put into
time_stage 'first boot'
machine_kill moved

# The second is fixed without an appliance: what is looked at here is the first boot.
blank_disk "$target_disk" 4G
must "it is copied for a machine of virtio" "$OUT/rehost" pull --into-partition "nbd://127.0.0.1:${source_port:?}" "$target_disk"
must "and fixed for it" "$OUT/rehost" fix "$target_disk" --hardware "$TOP/tests/hardware/qemu-virtio.json"
time_stage 'pull and fix for virtio'
machine_start virtio target disk="$target_disk" ssh="$ssh_port"
moved_claims virtio "$ssh_port" "on virtio" guest_runs_on /dev/vda1 virtio_net
time_stage 'first boot on virtio'
move_done

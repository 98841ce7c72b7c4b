#!/bin/bash
# Debian 12 without GRUB and without initramfs-tools: its own dracut and extlinux are what is changed. It comes from virtio to LSI SCSI and a PCnet card.
# minutes: 6
# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

machine=(disk_controller=lsi53c895a nics=pcnet=52:54:00:bb:00:01)
appliance_prerequisites vmlinuz initramfs.img
move_source extlinux
unmoved_fails "it does not find its root on the target" 'dracut-initqueue.* [[] -e "/dev/vda1" []]' "${machine[@]}"
move_to_target "${machine[@]}"
moved_claims moved "$ssh_port" "after the move" guest_has_drivers sym53c8xx pcnet32
time_stage 'first boot'
move_done

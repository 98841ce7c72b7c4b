#!/bin/bash
# dracut, and NetworkManager with a connection that is bound to the old card's MAC: on another card it would ask DHCP instead.
# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

GUEST_CARD=
card=vmxnet3=52:54:00:bb:00:01
appliance_prerequisites vmlinuz initramfs.img
move_source networkmanager

# Its old controller with the new card: what is shown is the network alone. 10.0.2.15 is what QEMU's DHCP server gives.
port_reserve port
machine_start unmoved source disk="$source_image" disk_options=snapshot=on nics="$card" ssh="$port" guest_address=10.0.2.15
must "unmoved, with the new card, it answers where DHCP put it" ssh_wait unmoved "$port" "$BOOT_SECONDS"
lacks_its_address() { ! guest_has_its_address "$port"; }
tries "and does not have its own address" lacks_its_address
machine_kill unmoved
time_stage 'no network of its own unmoved'

move_to_target disk_controller=pvscsi nics="$card"
moved_claims moved "$ssh_port" "after the move" guest_has_drivers vmw_pvscsi vmxnet3
time_stage 'first boot'
move_done

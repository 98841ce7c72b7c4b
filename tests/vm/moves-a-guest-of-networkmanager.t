#!/bin/bash
# dracut, and NetworkManager with a connection that is bound to the old card's MAC: on another card it would ask DHCP instead.
# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
appliance_prerequisites vmlinuz initramfs.img
card=vmxnet3=52:54:00:bb:00:01

# Its old controller with the new card: what is shown is the network alone. 10.0.2.15 is what QEMU's DHCP server gives.
port_reserve port
time_start
machine_start unmoved source disk="$(guest_image networkmanager)" disk_options=snapshot=on nics="$card" ssh="$port" guest_address=10.0.2.15
must "unmoved, with the new card, it answers where DHCP put it" ssh_wait unmoved "$port" "$BOOT_SECONDS"
lacks_its_address() { ! guest_address_is_there "$port"; }
tries "and does not have its own address" lacks_its_address
machine_kill unmoved
time_stage 'no network of its own unmoved'

move_to_claims networkmanager vmw_pvscsi vmxnet3 disk_controller=pvscsi nics="$card"

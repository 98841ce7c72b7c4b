#!/bin/bash
# netplan with systemd-networkd: the card is matched by its MAC, and named by set-name.
# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

machine=(disk_controller=megasas nics=e1000=52:54:00:bb:00:01)
appliance_prerequisites vmlinuz initramfs.img
move_source netplan
unmoved_finds_no_root UUID=6a7d2c31-5b0e-4d0a-9c55-1f6d6e1b0c12 "${machine[@]}"
move_to_target "${machine[@]}"
moved_claims moved "$ssh_port" "after the move" guest_has_drivers megaraid_sas e1000
time_stage 'first boot'
move_done

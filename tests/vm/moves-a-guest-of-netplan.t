#!/bin/bash
# netplan with systemd-networkd: the card is matched by its MAC, and named by set-name.
# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
appliance_prerequisites vmlinuz initramfs.img
machine=(disk_controller=megasas nics=e1000=52:54:00:bb:00:01)

time_start
machine_start unmoved target disk="$(guest_image netplan)" disk_options=snapshot=on "${machine[@]}"
must "unmoved, it does not find its root there" expect unmoved 'ALERT! +UUID=6a7d2c31-5b0e-4d0a-9c55-1f6d6e1b0c12 does not exist' "$BOOT_SECONDS"
machine_kill unmoved
time_stage 'no boot unmoved'

move_to_claims netplan megaraid_sas e1000 "${machine[@]}"

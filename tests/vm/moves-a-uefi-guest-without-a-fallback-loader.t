#!/bin/bash
# UEFI, GPT and a loader that only the old machine's firmware knew of, onto NVMe and an e1000e: nothing starts it there unmoved. Moved, the new
# machine's firmware has a boot entry of its name; and firmware that lost its memory starts it as well.
# minutes: 7
# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

appliance_prerequisites vmlinuz initramfs.img
DISK=$WORK/target.img
TARGET=(firmware=uefi disk_controller=nvme nics=e1000e=52:54:00:bb:00:01 extra='-global e1000e.romfile=') # without a ROM, or it would try PXE for minutes

moved_runs() {
    must "$3: it answers ssh on its own address" ssh_wait "$1" "$2" "$BOOT_SECONDS"
    tries "$3: its address is on lan0" guest_address_is_on_lan0 "$2"
    tries "$3: it runs on the target's disk and NIC" guest_runs_on "$2" /dev/nvme0n1p2 e1000e
    tries "$3: no unit has failed" guest_has_no_failed_unit "$2"
}

move_source uefi
time_start
machine_start unmoved target disk="$source_image" disk_options=snapshot=on "${TARGET[@]}"
tries "unmoved, the firmware finds nothing to start" expect unmoved 'UEFI Interactive Shell|No bootable option or device' "$BOOT_SECONDS"
machine_kill unmoved
time_stage 'no boot on the target'

blank_disk "$DISK" 4G
move_unattended move "$DISK" "${TARGET[@]}"
tries "the firmware was given an entry" serial_printed move 'the firmware has a boot entry "uefi" for it now .*shimx64.efi of partition 1'
port_reserve ssh_port
cp "$WORK/move.vars.fd" "$WORK/moved.vars.fd"
machine_start moved target disk="$DISK" ssh="${ssh_port:?}" "${TARGET[@]}"
moved_runs moved "$ssh_port" "after the move"
tries "it is that entry which started it" serial_printed moved 'BdsDxe: starting Boot[0-9A-F]{4} "uefi"'
machine_kill moved
time_stage 'first boot'

machine_start elsewhere target disk="$DISK" ssh="$ssh_port" "${TARGET[@]}"
moved_runs elsewhere "$ssh_port" "by firmware that knows nothing of it"
time_stage 'second boot'
tries "... which that firmware does not have" says_nowhere elsewhere 'BdsDxe: starting Boot[0-9A-F]{4} "uefi"'
tries "the source is bit for bit what it was" image_is "$source_image" "$source_digest"
tap_done

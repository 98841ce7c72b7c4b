#!/bin/bash
# UEFI, GPT and a loader that only the old machine's firmware knew of, onto NVMe and an e1000e: nothing starts it there unmoved. Moved, the new
# machine's firmware has a boot entry of its name; and firmware that lost its memory starts it as well.
# minutes: 7
# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

appliance_prerequisites vmlinuz initramfs.img
TARGET=(firmware=uefi disk_controller=nvme nics=e1000e=52:54:00:bb:00:01 extra='-global e1000e.romfile=') # without a ROM, or it would try PXE for minutes
RUNS_THERE=(guest_runs_on /dev/nvme0n1p2 e1000e)

move_source uefi
unmoved_fails "the firmware finds nothing to start" 'UEFI Interactive Shell|No bootable option or device' "${TARGET[@]}"

move_to_target "${TARGET[@]}"
tries "the firmware was given an entry" serial_printed move 'the firmware has a boot entry "uefi" for it now .*shimx64.efi of partition 1'
moved_claims moved "$ssh_port" "after the move" "${RUNS_THERE[@]}"
tries "it is that entry which started it" serial_printed moved 'BdsDxe: starting Boot[0-9A-F]{4} "uefi"'
machine_kill moved
time_stage 'first boot'

machine_start elsewhere target disk="$target_disk" ssh="$ssh_port" "${TARGET[@]}"
moved_claims elsewhere "$ssh_port" "by firmware that knows nothing of it" "${RUNS_THERE[@]}"
time_stage 'second boot'
tries "... which that firmware does not have" says_nowhere elsewhere 'BdsDxe: starting Boot[0-9A-F]{4} "uefi"'
move_done

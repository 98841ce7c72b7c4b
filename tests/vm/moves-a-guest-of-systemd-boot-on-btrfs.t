#!/bin/bash
# Debian 13 with systemd-boot and a root in a subvolume of a btrfs, beside a snapshot of it, onto virtio-scsi: unmoved it does not find its root there.
# A copy that was not proved yet is not even started, though the firmware would find its loader.
# minutes: 7
# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

appliance_prerequisites vmlinuz initramfs.img
TARGET=(firmware=uefi disk_controller=virtio-scsi)

runs_in_its_subvolume() {
    local mounts name
    mounts=$(guest_run "$1" 'findmnt -n -o SOURCE /; findmnt -n -o SOURCE /home; findmnt -n -o SOURCE /boot/efi' | tr '\n' ' ')
    name=$(guest_run "$1" cat /etc/hostname)
    echo "mounts: $mounts, name: $name"
    [[ $mounts == "/dev/sda2[/@rootfs] /dev/sda2[/@home] /dev/sda1 " && $name == subvolumes ]]
}

move_source systemd-boot
unmoved_finds_no_root 'UUID=[-0-9a-f]+' "${TARGET[@]}"

must "a copy is held back" "$OUT/rehost" pull --hold-boot "nbd://127.0.0.1:${source_port:?}" "$WORK/held.img"
machine_start held target disk="$WORK/held.img" "${TARGET[@]}" nics= # or it would try PXE for minutes
tries "the firmware does not start it" expect held 'UEFI Interactive Shell|No bootable option or device' "$BOOT_SECONDS"
machine_kill held
rm "$WORK/held.img"
time_stage 'no boot before the proof'

move_to_target "${TARGET[@]}"
moved_claims moved "$ssh_port" "after the move" guest_has_drivers virtio_scsi virtio_net
tries "root and /home are the subvolumes that they were, and not the snapshot" runs_in_its_subvolume "$ssh_port"
time_stage 'first boot'
move_done

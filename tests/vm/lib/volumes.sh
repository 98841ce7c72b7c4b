# shellcheck shell=bash
# A guest whose root lies inside of something else: that it does not boot unmoved, its move, and what must hold of it afterwards, in one test.

# The target: another controller and another card than any guest has drivers or settings for.
VOLUME_APPLIANCE=() # more for the machine while the appliance is in it
VOLUME_TARGET=(disk_controller=virtio-scsi "nics=e1000e=52:54:00:bb:00:01")
VOLUME_DRIVERS=(virtio_scsi e1000e)

# volume_move_claims GUEST ALERT CLAIMS [JOB-WORD]…: CLAIMS, with the port, says what is in use in the moved server.
volume_move_claims() {
    local guest=$1 alert=$2 claims=$3 disk="$WORK/target.img" ssh_port
    shift 3
    appliance_prerequisites vmlinuz initramfs.img
    move_source "$guest"
    machine_start unmoved target "${VOLUME_TARGET[@]}" disk="$source_image" disk_options=snapshot=on
    tries "unmoved, it does not find its root on the target" expect unmoved "$alert" "$BOOT_SECONDS"
    machine_kill unmoved
    blank_disk "$disk" 4G
    move_unattended_by "$*" move "$disk" "${VOLUME_TARGET[@]}" "${VOLUME_APPLIANCE[@]}"
    port_reserve ssh_port
    machine_start moved target "${VOLUME_TARGET[@]}" disk="$disk" ssh="$ssh_port"
    must "it answers ssh on its own address" ssh_wait moved "$ssh_port" "$BOOT_SECONDS"
    tries "its address is on lan0" guest_address_is_on_lan0 "$ssh_port"
    tries "what its root lies in is in use" "$claims" "$ssh_port"
    tries "it drives the target's controller and card" guest_has_drivers "$ssh_port" "${VOLUME_DRIVERS[@]}"
    tries "no unit has failed" guest_has_no_failed_unit "$ssh_port"
    must "update-initramfs and update-grub work in it" guest_run "$ssh_port" "timeout $UPDATE_SECONDS sh -c 'update-initramfs -u && update-grub && sync'"
    guest_ask_reboot "$ssh_port"
    must "it boots again after them" ssh_wait moved "$ssh_port" "$BOOT_SECONDS"
    tries "the source is bit for bit what it was" image_is "$source_image" "$source_digest"
    tap_done
}

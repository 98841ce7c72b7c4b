# shellcheck shell=bash
# A guest whose root lies inside of something else: that it does not boot unmoved, its move, and what must hold of it afterwards, in one test.

# The target: another controller and another card than any guest has drivers or settings for.
VOLUME_APPLIANCE=() # more for the machine while the appliance is in it
VOLUME_TARGET=(disk_controller=virtio-scsi "nics=e1000e=52:54:00:bb:00:01")
VOLUME_DRIVERS=(virtio_scsi e1000e)

# volume_move_claims GUEST ROOT CLAIMS [JOB-WORD]…: it looks for that root unmoved, as for unmoved_finds_no_root; CLAIMS, with the port, says what is in
# use in the moved server.
volume_move_claims() {
    local guest=$1 root=$2 claims=$3 disk="$WORK/target.img"
    shift 3
    appliance_prerequisites vmlinuz initramfs.img
    move_source "$guest"
    unmoved_finds_no_root "$root" "${VOLUME_TARGET[@]}"
    blank_disk "$disk" 4G
    move_unattended_by "$*" move "$disk" "${VOLUME_TARGET[@]}" "${VOLUME_APPLIANCE[@]}"
    moved_start "${VOLUME_TARGET[@]}" disk="$disk"
    moved_claims moved "$ssh_port" "after the move" guest_has_drivers "${VOLUME_DRIVERS[@]}"
    tries "what its root lies in is in use" "$claims" "$ssh_port"
    time_stage 'first boot'
    boots_again_after moved "$ssh_port" "update-initramfs and update-grub work in it" 'update-initramfs -u && update-grub'
    move_done
}

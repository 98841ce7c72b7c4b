# shellcheck shell=bash
# What must hold of a guest: unmoved, that it does not boot on the target; moved, what it says of itself each time it has booted.

# The card that the guest gives its address to; empty for one that udev has named.
GUEST_CARD=lan0

# unmoved_claims GUEST ROOT: the guest boots where it was, and does not find that root on the target. The second is the control of every move test.
unmoved_claims() {
    local port
    guest_prerequisites
    source_image=$(guest_image "$1")
    port_reserve port
    time_start
    machine_start old source disk="$source_image" disk_options=snapshot=on ssh="$port"
    tries "$1 boots on its old machine and answers ssh on its own address" ssh_wait old "$port" "$BOOT_SECONDS"
    tries "its address is on $GUEST_CARD" guest_has_its_address "$port" "$GUEST_CARD"
    machine_kill old
    time_stage 'boot on the old machine'
    unmoved_finds_no_root "$2"
    tap_done
}

# unmoved_fails HOW REGEX [KEY=VALUE]…: the control of a move. The source's disk as it is, in the target with these settings, says that it fails.
unmoved_fails() {
    machine_start unmoved target disk="$source_image" disk_options=snapshot=on "${@:3}"
    tries "unmoved, $1" expect unmoved "$2" "$BOOT_SECONDS"
    machine_kill unmoved
    time_stage 'no boot unmoved'
}

# unmoved_finds_no_root ROOT [KEY=VALUE]…: by the words of initramfs-tools. ROOT is a regular expression.
unmoved_finds_no_root() { unmoved_fails "it does not find its root on the target" "ALERT! +$1 does not exist" "${@:2}"; }

# moved_claims NAME PORT WHEN [CHECK ARGUMENT…]: what must hold each time the moved server has booted. CHECK is called with the port before its
# arguments and says that it runs on the disk and the NIC of that machine; without one it is the target as it stands in machines/.
moved_claims() {
    old_server_claims "$@"
    tries "$3: no unit has failed" guest_has_no_failed_unit "$2"
}

# old_server_claims NAME PORT WHEN [CHECK ARGUMENT…]: the same of a server without systemd.
old_server_claims() {
    local runs_there=("${@:4}")
    [ "${#runs_there[@]}" -gt 0 ] || runs_there=(guest_runs_on '/dev/vda*' virtio_net)
    must "$3: it answers ssh on its own address" ssh_wait "$1" "$2" "$BOOT_SECONDS"
    tries "$3: its address is on ${GUEST_CARD:-the new card}" guest_has_its_address "$2" "$GUEST_CARD"
    tries "$3: it runs on the target's disk and NIC" "${runs_there[0]}" "$2" "${runs_there[@]:1}"
    tries "$3: its login is on the serial line" expect "$1" 'login: ' "$BOOT_SECONDS"
}

# moved_claims_once NAME PORT: for a guest whose own tools are tested elsewhere.
moved_claims_once() { moved_claims "$1" "$2" "after the move"; }

# boots_again_after NAME PORT CLAIM COMMAND: the moved server's own tools work, and what they made boots.
boots_again_after() {
    must "$3" guest_updates "$2" "$4"
    guest_ask_reboot "$2"
    must "it boots again after that" ssh_wait "$1" "$2" "$BOOT_SECONDS"
    time_stage 'update and second boot'
}

# moved_claims_for_good NAME PORT: it is moved for good, not just for one boot.
moved_claims_for_good() {
    moved_claims "$1" "$2" "after the move"
    time_stage 'first boot'
    guest_ask_reboot "$2"
    moved_claims "$1" "$2" "after a reboot"
    time_stage 'second boot'
    must "update-initramfs and update-grub work in it" guest_updates "$2" 'update-initramfs -u && update-grub'
    time_stage 'update-initramfs and update-grub'
    guest_ask_reboot "$2"
    moved_claims "$1" "$2" "after update-initramfs, update-grub and a reboot"
    time_stage 'third boot'
}

# shellcheck shell=bash
# The real servers of the tests, and what a server says about itself when it runs.

# Under TCG, with another test and a build beside it, a Debian guest may need some minutes to its login.
BOOT_SECONDS=400
UPDATE_SECONDS=1200

# guest_image GUEST: the path of its disk, built when it is not there yet. Never written to.
guest_image() { "$VM_DIR/guests/build" "$1"; }

# second_image IMAGE: of a guest with two disks, the other one.
second_image() { touch "${1%.img}.second" && echo "${1%.img}.second"; }

guest_prerequisites() {
    local program
    [ "$(id -u)" -eq 0 ] || skip_all "root is needed to build the disk of a guest"
    for program in qemu-system-x86_64 qemu-nbd socat ssh mke2fs sfdisk; do
        command -v "$program" >/dev/null || skip_all "$program is not installed"
    done
}

# unmoved_claims GUEST ALERT: the guest boots where it was, and does not on the target. The second is the control of every move test.
unmoved_claims() {
    local image port
    guest_prerequisites
    image=$(guest_image "$1")
    port_reserve port
    time_start
    machine_start old source disk="$image" disk_options=snapshot=on ssh="$port"
    tries "$1 boots on its old machine and answers ssh on its own address" ssh_wait old "$port" "$BOOT_SECONDS"
    tries "its address is on lan0" guest_address_is_on_lan0 "$port"
    machine_kill old
    time_stage 'boot on the old machine'
    machine_start new target disk="$image" disk_options=snapshot=on
    tries "unmoved, it does not find its root on the target" expect new "$2" "$BOOT_SECONDS"
    time_stage 'no boot on the target'
    tap_done
}

guest_address_is_on_lan0() {
    local shown
    shown=$(guest_run "$1" ip -br addr show lan0)
    echo "$shown"
    [[ $shown =~ (UP|UNKNOWN).*10\.0\.2\.77/24 ]] # a driver that does not watch its cable (pcnet32) does not say UP
}

# guest_address_is_there PORT: on whatever name the card has in this guest.
guest_address_is_there() {
    local shown
    shown=$(guest_run "$1" ip -br addr show to 10.0.2.77)
    echo "$shown"
    [[ $shown =~ (UP|UNKNOWN).*10\.0\.2\.77/24 ]] # a driver that does not watch its cable (pcnet32) does not say UP
}

# guest_has_drivers PORT DISK NIC: those of the machine that it is on now.
guest_has_drivers() {
    local disk nic
    disk=$(guest_run "$1" 'grep -H . /sys/class/scsi_host/host*/proc_name')
    nic=$(guest_card_driver "$1")
    echo "controllers: $disk, driver of the card: $nic"
    [[ $disk == *:"$2"* && $nic == "$3" ]]
}

# guest_runs_on PORT DEVICE NIC: its root is that device (or matches the pattern), and its address is on a card with that driver.
guest_runs_on() {
    local root nic
    root=$(guest_run "$1" findmnt -n -o SOURCE /)
    nic=$(guest_card_driver "$1")
    echo "root: $root, driver of the card: $nic"
    # shellcheck disable=SC2053  # a pattern
    [[ $root == $2 && $nic == "$3" ]]
}

# guest_card_driver PORT: of the card with its address.
# shellcheck disable=SC2016  # for the guest's shell
guest_card_driver() { guest_run "$1" 'basename "$(readlink /sys/class/net/$(ip -o addr show to 10.0.2.77 | cut -d " " -f 2)/device/driver)"'; }

guest_has_no_failed_unit() {
    local failed
    failed=$(guest_run "$1" systemctl --failed --no-legend --plain) || return
    echo "$failed"
    [ -z "$failed" ]
}

# moved_claims NAME PORT WHEN: what must hold each time the moved server has booted.
moved_claims() {
    must "$3: it answers ssh on its own address" ssh_wait "$1" "$2" "$BOOT_SECONDS"
    tries "$3: its address is on lan0" guest_address_is_on_lan0 "$2"
    tries "$3: it runs on the target's disk and NIC" guest_runs_on "$2" '/dev/vda*' virtio_net
    tries "$3: no unit has failed" guest_has_no_failed_unit "$2"
    tries "$3: its login is on the serial line" expect "$1" 'login: ' "$BOOT_SECONDS"
}

# moved_claims_once NAME PORT: for a guest whose own tools are tested elsewhere.
moved_claims_once() { moved_claims "$1" "$2" "after the move"; }

# moved_claims_for_good NAME PORT: it is moved for good, not just for one boot.
moved_claims_for_good() {
    moved_claims "$1" "$2" "after the move"
    time_stage 'first boot'
    guest_ask_reboot "$2"
    moved_claims "$1" "$2" "after a reboot"
    time_stage 'second boot'
    must "update-initramfs and update-grub work in it" guest_run "$2" "timeout $UPDATE_SECONDS sh -c 'update-initramfs -u && update-grub && sync'"
    time_stage 'update-initramfs and update-grub'
    guest_ask_reboot "$2"
    moved_claims "$1" "$2" "after update-initramfs, update-grub and a reboot"
    time_stage 'third boot'
}

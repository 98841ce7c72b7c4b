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

# guest_has_its_address PORT [CARD]: on the card of that name, or on whatever name its card has.
guest_has_its_address() {
    local shown
    shown=$(guest_run "$1" ip -br addr show "${2:+dev $2}" to 10.0.2.77)
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

# guest_updates PORT COMMAND: what an administrator runs there after an update.
guest_updates() { guest_run "$1" "timeout $UPDATE_SECONDS sh -c '$2 && sync'"; }

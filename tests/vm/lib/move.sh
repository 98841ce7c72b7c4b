# shellcheck shell=bash disable=SC2119,SC2120  # with settings of a test, or without
# A whole move of a guest by the appliance, in the three steps that every move test has.

# move_source GUEST [BYTES-PER-SECOND]: its disk, served by NBD; sets source_image, source_digest and source_port, and starts the stopwatch.
move_source() {
    move_image "$1"
    source_serve "$1" "$source_image" "$source_port" "${2:-}"
}

# move_image GUEST: the same, for another server.
move_image() {
    local image
    image=$(guest_image "$1")
    move_file "$image"
}

# move_file FILE: the same, for a disk that the test has made.
move_file() {
    source_image=$1
    source_digest=$(image_digest "$1")
    port_reserve source_port
    time_start
}

# move_unattended NAME DISK [KEY=VALUE]…: by direct kernel boot, everything on the kernel's command line, nothing asked.
move_unattended() { move_unattended_by '' "$@"; }

# move_unattended_by JOB-WORDS NAME DISK [KEY=VALUE]…: the same, with more words of the job.
move_unattended_by() {
    local words=$1 name=$2 disk=$3
    shift 3
    time_start
    appliance_start "$name" "rehost.source=$(source_uri "$source_port") rehost.disk=auto rehost.confirm=yes rehost.after=poweroff $words" \
        disk="$disk" "$@"
    must "the appliance starts" expect "$name" '==> hardware: ' "$START_SECONDS"
    time_stage 'power-on to rehost'
    move_stages "$name"
    must "the machine switches itself off" machine_wait_off "$name" "$START_SECONDS"
    tries "nothing was asked" says_nowhere "$name" 'Type yes to|Disk \(|Source \('
}

# move_stages NAME: from the plan to the end, with the time of each.
move_stages() {
    must "it reads the source's system before the copy" expect "$1" '==> pull: ' "$START_SECONDS"
    time_stage 'plan'
    must "the copy ends" expect "$1" '==> fix: ' "$MOVE_SECONDS"
    time_stage 'pull'
    must "the fix-up ends" expect "$1" '==> prove: ' "$MOVE_SECONDS"
    time_stage 'fix'
    must "it proves that the guest will boot" expect "$1" '==> finish: ' "$MOVE_SECONDS"
    time_stage 'prove'
    must "the move ends" expect "$1" 'rehost: (rebooting into the moved server|switching this machine off)' "$START_SECONDS"
    time_stage 'finish'
}

# move_to_target [KEY=VALUE]…: moves the source to a blank disk of the target with these settings, and starts the moved server there. Sets target_disk,
# and as moved_start ssh_port.
move_to_target() {
    target_disk=$WORK/target.img
    blank_disk "$target_disk" 4G
    move_unattended move "$target_disk" "$@"
    moved_start disk="$target_disk" "$@"
}

# moved_start [KEY=VALUE]…: starts the machine "moved", the target with these settings; sets ssh_port. Its firmware knows what the appliance told it.
moved_start() {
    if [ -e "$WORK/move.vars.fd" ]; then cp "$WORK/move.vars.fd" "$WORK/moved.vars.fd"; fi
    port_reserve ssh_port
    machine_start moved target ssh="$ssh_port" "$@"
}

# move_done: the end of every such test.
move_done() {
    tries "the source is bit for bit what it was" image_is "$source_image" "$source_digest"
    tap_done
}

# unattended_move_claims GUEST: a whole test: it moves to the target as it stands in machines/, for good.
unattended_move_claims() {
    appliance_prerequisites vmlinuz initramfs.img
    move_source "$1"
    move_to_target
    moved_claims_for_good moved "$ssh_port"
    move_done
}

# move_from_claims URI [PASSWORD]: a move from that source, in which only the password and the last yes are asked for, and the first boot.
move_from_claims() {
    local disk="$WORK/target.img"
    blank_disk "$disk" 4G
    time_start
    appliance_start move "rehost.source=$1 rehost.disk=auto rehost.after=poweroff" disk="$disk"
    must "the appliance starts" expect move '==> hardware: ' "$START_SECONDS"
    [ -z "${2:-}" ] || must "it asks for the password" answer move 'Password of [a-z0-9. ]+(: |[(]Enter: there is none[)]: )' "$START_SECONDS" "$2"
    must "it asks for a yes" answer move 'Type yes to [^:]*: ' "$START_SECONDS" yes
    move_stages move
    must "the machine switches itself off" machine_wait_off move "$START_SECONDS"
    [ -z "${2:-}" ] || tries "the password stands nowhere on the console" says_nowhere move "$2"
    moved_start disk="$disk"
    moved_claims_once moved "$ssh_port"
    time_stage 'first boot'
    move_done
}

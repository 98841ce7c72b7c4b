# shellcheck shell=bash
# The appliance: starting it, and what it says on its console.

# From power-on to rehost, and for a whole move: generous, since an emulated machine beside a build is slow. Only hangs reach them.
START_SECONDS=300
MOVE_SECONDS=1200

# appliance_prerequisites FILE…: the outputs of the build that a test needs.
appliance_prerequisites() {
    local file
    guest_prerequisites
    for file in "$@"; do
        [ -r "$OUT/$file" ] || skip_all "out/$file is not there; './build.sh iso' makes it"
    done
}

# blank_disk FILE SIZE
blank_disk() {
    rm -f "$1"
    truncate -s "$2" "$1"
}

# appliance_start NAME JOB [KEY=VALUE]…: by direct kernel boot, JOB being words for the kernel's command line, the rest as for machine_start. On a host
# under load the timer of an emulated machine may tick too late for Linux' check of it, which then panics ("IO-APIC + timer doesn't work"): it is left out.
appliance_start() {
    local name=$1 job=$2
    shift 2
    machine_start "$name" target kernel="$OUT/vmlinuz" initrd="$OUT/initramfs.img" append="$(appliance_append) no_timer_check $job" "$@"
}

# appliance_append: what the boot menus of the media give to the kernel.
appliance_append() { (
    # shellcheck source=config/boot/options
    . "$TOP/config/boot/options"
    echo "$OPTIONS $BOTH"
); }

# source_uri PORT: as seen from the machines.
source_uri() { echo "nbd://10.0.2.2:$1"; }

# fails_at NAME STAGE OBJECT SECONDS: the failure names its stage and its object, and says what is true of the source.
fails_at() {
    expect "$1" "!!! FAILED at $2: .*$3" "$4" && expect "$1" 'The source is untouched' "$START_SECONDS"
}

# says_nowhere NAME REGEX
says_nowhere() {
    if serial_printed "$1" "$2"; then serial_explain "$1" "printed '$2'"; return 1; fi
}

# disk_does_not_boot FILE: no firmware takes it for a boot disk.
disk_does_not_boot() {
    local signature
    signature=$(dd if="$1" bs=1 skip=510 count=2 status=none | od -An -tx1 | tr -d ' \n')
    echo "bytes 510-511: $signature"
    [ -n "$signature" ] && [ "$signature" != 55aa ]
}

# disk_grows_to FILE MIB SECONDS: until so much was written to it. (The bar counts free space too, which takes no time.)
disk_grows_to() {
    local until=$((SECONDS + $3)) used
    while used=$(stat -c %b "$1") || return; used=$((used / 2048)); [ "$used" -lt "$2" ]; do
        if [ "$SECONDS" -ge "$until" ]; then echo "$1 has only $used MiB after $3 s"; return 1; fi
        sleep 0.5
    done
    echo "$1 has $used MiB"
}

# disk_is_untouched FILE: not a single block was written.
disk_is_untouched() {
    local used
    used=$(stat -c %b "$1")
    echo "$used sectors in use"
    [ "$used" -eq 0 ]
}

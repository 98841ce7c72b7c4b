# shellcheck shell=bash
# The appliance in QEMU, on top of tests/vm/lib: booted from a medium, or with a shell of its own for looking around inside.

# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../vm/lib/all.sh"

MACHINE_DIR=$TOP/tests/image/lib
BOOT_SECONDS=${REHOST_BOOT_SECONDS:-240} # under TCG, beside another machine, with Secure Boot: 60 is usual

needs() {
    local file
    for file in "$@"; do [ -e "$file" ] || skip_all "$file is not there: ./build.sh test builds it"; done
}

blank_disk() { truncate -s 256M "$WORK/disk.img"; }

# boot_medium NAME FIRMWARE-WORDS KEY=VALUE...: boots it and waits for the appliance's own report, which must name the firmware.
boot_medium() {
    local name=$1 firmware_words=$2
    shift 2
    blank_disk
    must "the machine starts" machine_start "$name" target "disk=$WORK/disk.img" "$@"
    must "the appliance reports that it is ready, started by $firmware_words" \
        expect "$name" "rehost: the appliance is ready after .* started by $firmware_words" "$BOOT_SECONDS"
    must "rehost itself has started and speaks on the serial port" expect "$name" '==> hardware' "$BOOT_SECONDS"
}

# boot_shell NAME KEY=VALUE...: kernel and initramfs given directly, with the expert's shell on the serial port.
boot_shell() {
    local name=$1
    shift
    must "the machine starts" machine_start "$name" target "kernel=$OUT/vmlinuz" "initrd=$OUT/initramfs.img" \
        "append=rootfstype=ramfs quiet console=tty0 console=ttyS0,115200 appliance.shell" "$@"
    must "the appliance offers a shell" expect "$name" 'Press Enter for a shell' "$BOOT_SECONDS"
    type_text "$name" ""
    must "the shell answers" expect "$name" 'rehost:[^#]*# ' 60
}

# in_appliance NAME COMMAND: runs it in the shell; prints what it printed, ends with its exit status.
# The markers are put together by the shell, so that the echo of what was typed does not hold them.
in_appliance() {
    local name=$1 answer
    type_text "$name" "echo BEGIN''MARK; { $2; } 2>&1 | cat; echo END''MARK=\${PIPESTATUS:-0}"
    expect "$name" 'BEGINMARK' 60 >/dev/null || return
    expect "$name" 'ENDMARK' "${3:-60}" >/dev/null || return
}

# shellcheck shell=bash
# The appliance in QEMU, on top of tests/vm/lib: booted from a medium, or with a shell of its own for looking around inside.

# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../vm/lib/all.sh"
# shellcheck source=tools/build/image.sh
. "$TOP/tools/build/image.sh"

# Under TCG 20 to 60 s are usual; beside a build on the same machine it is many times that. Only a hang reaches this.
BOOT_SECONDS=${REHOST_BOOT_SECONDS:-420}

# needs FILE...: outputs of the build; without them there is nothing to test.
needs() {
    local file
    for file in "$@"; do [ -e "$OUT/$file" ] || skip_all "out/$file is not there: './build.sh test' builds it"; done
}

# boot_medium FIRMWARE-WORDS KEY=VALUE...: the machine "medium" boots until the appliance says what started it, and rehost itself speaks.
boot_medium() {
    local words=$1
    shift
    blank_disk "$WORK/disk.img" 256M
    must "the machine starts" machine_start medium target disk="$WORK/disk.img" "$@"
    must "the appliance is ready, started by $words" \
        expect medium "rehost: the appliance is ready after [0-9]+ s, .* started by ${words}[[:space:]]" "$BOOT_SECONDS"
    must "rehost has started and speaks on the serial line" expect medium '==> hardware' "$BOOT_SECONDS"
}

# boot_shell NAME [KEY=VALUE]...: kernel and initramfs given directly, with the expert's shell on the serial line.
boot_shell() {
    local name=$1
    shift
    must "the machine starts" appliance_start "$name" appliance.shell "$@"
    must "the appliance offers a shell" expect "$name" 'Press Enter for a shell' "$BOOT_SECONDS"
    type_text "$name" ""
    must "the shell answers" expect "$name" 'rehost:[^#]*# ' "$BOOT_SECONDS"
}

# shell_true NAME COMMAND: true if the command is true in the appliance's shell; what it printed ends in the diagnostics.
# The words of the answer are put together by the shell, so that the echo of the typing does not hold them.
shell_true() {
    local answer
    type_text "$1" "if { $2; }; then echo ANSWER''=yes; else echo ANSWER''=no; fi"
    answer=$(expect "$1" 'ANSWER=(yes|no)' 300) || return
    [ "$answer" = ANSWER=yes ] || { serial_tail "$1"; return 1; }
}

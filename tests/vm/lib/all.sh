# shellcheck shell=bash
# Everything a test in QEMU needs. Source it first: . "$(dirname "$0")/lib/all.sh"
set -euo pipefail
shopt -s inherit_errexit

VM_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
TOP=$(cd "$VM_DIR/../.." && pwd)
OUT=${OUT:-$TOP/out}
CACHE=${REHOST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rehost}
WORK=$(mktemp -d "${TMPDIR:-/tmp}/rehost-vm.XXXXXX")
NAME=$(basename "$0" .t)

# shellcheck source=tests/vm/lib/tap.sh
. "$VM_DIR/lib/tap.sh"
# shellcheck source=tests/vm/lib/port.sh
. "$VM_DIR/lib/port.sh"
# shellcheck source=tests/vm/lib/wait.sh
. "$VM_DIR/lib/wait.sh"
# shellcheck source=tests/vm/lib/accel.sh
. "$VM_DIR/lib/accel.sh"
# shellcheck source=tests/vm/lib/machine.sh
. "$VM_DIR/lib/machine.sh"
# shellcheck source=tests/vm/lib/expect.sh
. "$VM_DIR/lib/expect.sh"
# shellcheck source=tests/vm/lib/ssh.sh
. "$VM_DIR/lib/ssh.sh"
# shellcheck source=tests/vm/lib/source.sh
. "$VM_DIR/lib/source.sh"
# shellcheck source=tests/vm/lib/times.sh
. "$VM_DIR/lib/times.sh"
# shellcheck source=tests/vm/lib/guest.sh
. "$VM_DIR/lib/guest.sh"
# shellcheck source=tests/vm/lib/claims.sh
. "$VM_DIR/lib/claims.sh"
# shellcheck source=tests/vm/lib/appliance.sh
. "$VM_DIR/lib/appliance.sh"
# shellcheck source=tests/vm/lib/move.sh
. "$VM_DIR/lib/move.sh"
# shellcheck source=tests/vm/lib/volumes.sh
. "$VM_DIR/lib/volumes.sh"
# shellcheck source=tests/vm/lib/peers.sh
. "$VM_DIR/lib/peers.sh"

# vm_cleanup: ends every process started here, by its pid, keeps the logs of a failed test, and removes the rest.
vm_cleanup() {
    local status=$?
    trap - EXIT INT TERM
    machine_stop_all
    source_stop_all
    times_write
    if [ "$status" -ne 0 ] || [ "$TAP_FAILED" -ne 0 ]; then
        vm_keep_logs
    fi
    rm -rf "$WORK"
    exit "$status"
}

# vm_keep_logs: serial logs and QEMU's own output go to out/logs/TEST/.
vm_keep_logs() {
    local logs="$OUT/logs/$NAME"
    rm -rf "$logs"
    mkdir -p "$logs"
    find "$WORK" -maxdepth 1 -type f \( -name '*.log' -o -name '*.command' \) -exec cp {} "$logs/" \;
    complain "The logs of the machines are in $logs"
}

trap vm_cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

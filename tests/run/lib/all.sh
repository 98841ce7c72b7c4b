# shellcheck shell=bash
# shellcheck disable=SC2034 # the variables are for the tests
# What the tests of `rehost run` share: a source, a target, an operator. Source it first: . "$(dirname "$0")/lib/all.sh"
set -euo pipefail
shopt -s inherit_errexit

RUN_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
TOP=$(cd "$RUN_DIR/../.." && pwd)
REHOST=${REHOST:-$TOP/out/rehost}
WORK=$(mktemp -d "${TMPDIR:-/tmp}/rehost-run.XXXXXX")
PIDS=()

# shellcheck source=tests/vm/lib/tap.sh
. "$TOP/tests/vm/lib/tap.sh"
# shellcheck source=tests/vm/lib/port.sh
. "$TOP/tests/vm/lib/port.sh"
# shellcheck source=tests/vm/lib/wait.sh
. "$TOP/tests/vm/lib/wait.sh"
# shellcheck source=tests/pull/lib/journal.sh
. "$TOP/tests/pull/lib/journal.sh"

run_cleanup() {
    local status=$? pid
    trap - EXIT
    for pid in "${PIDS[@]}"; do kill "$pid" 2>/dev/null || true; done
    rm -rf "$WORK"
    exit "$status"
}
trap run_cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

[ -x "$REHOST" ] || skip_all "there is no program at $REHOST: build it, or set REHOST"
for tool in qemu-nbd python3; do
    command -v "$tool" >/dev/null || skip_all "$tool is not installed"
done

# source_start IMAGE: serves it read-only on $PORT; SOURCE is its URI.
source_start() {
    port_reserve PORT
    source_start_at "${PORT:?}" "$1"
}

# source_start_at PORT IMAGE
source_start_at() {
    qemu-nbd --read-only --persistent --shared=0 -f raw -b 127.0.0.1 -p "$1" -x disk "$2" 2>>"$WORK/qemu-nbd.log" &
    PIDS+=($!)
    SOURCE=nbd://127.0.0.1:$1/disk
    wait_until port_answers "$1"
}

# real_server: IMAGE is the disk of a real Debian 12 server, never written to; HARDWARE describes a machine that it can move to.
real_server() {
    local tool
    for tool in nbdkit mke2fs sfdisk; do command -v "$tool" >/dev/null || skip_all "$tool is not installed"; done
    [ "$(id -u)" -eq 0 ] || skip_all "root is needed to mount the copy"
    IMAGE=$("$TOP/tests/vm/guests/build" debian12)
    HARDWARE=$TOP/tests/hardware/qemu-virtio.json
}

# source_that_stops IMAGE MIB: serves it until so much has been sent, and then nothing more; SOURCE_PID is the process between.
source_that_stops() {
    local server
    source_start "$1"
    server=$PORT
    port_reserve PORT
    python3 "$TOP/tests/pull/lib/link.py" "127.0.0.1:$PORT" "127.0.0.1:$server" "$WORK/link.count" "stop=$(($2 << 20))" 2>"$WORK/link.log" &
    SOURCE_PID=$!
    PIDS+=("$SOURCE_PID")
    wait_until port_answers "$PORT"
    SOURCE=nbd://127.0.0.1:$PORT/disk
}

# field PYTHON-EXPRESSION: of the status document $DOCUMENT, which is `s` in it.
DOCUMENT=$WORK/status.json
field() { python3 -c 'import json, sys; s = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$DOCUMENT" "$1"; }

# some_has_come MIB [INDEX]: waits until so much of the disk was received; with an index, of that one of several.
some_has_come() {
    local disk=s
    [ $# -eq 1 ] || disk="(s.get('disks') or [{}, {}])[$2]"
    wait_until has_come "$1" "$disk"
}
has_come() { [ -s "$DOCUMENT" ] && [ "$(field "($2.get('progress') or {}).get('received_bytes', 0) > $1 << 20")" = True ]; }

has_signature() { [ "$(od -An -tx1 -j510 -N2 "$1" | tr -d ' ')" = 55aa ]; }
has_no_signature() { ! has_signature "$1"; }
same_boot_code() { cmp -n 440 "$1" "$2"; }
other_boot_code() { ! cmp -s -n 440 "$1" "$2"; }

# blank_image FILE SIZE: a disk that was never written to.
blank_image() { truncate -s "$2" "$1"; }

# old_disk FILE SIZE: a disk with something on it that a move would destroy.
old_disk() {
    blank_image "$1" "$2"
    mke2fs -q -F -t ext4 -L precious "$1"
}

# runs STATUS [dialogue words] -- [rehost run's options]: true when it ends with this status. What it showed is in $SHOWN.
SHOWN=$WORK/shown
runs() {
    local wanted=$1 status=0
    shift
    local words=()
    while [ "$1" != -- ]; do words+=("$1"); shift; done
    shift
    python3 "$RUN_DIR/lib/dialogue.py" 900 "${words[@]}" -- "$REHOST" run "$@" >"$SHOWN" 2>&1 || status=$?
    cat "$SHOWN"
    [ "$status" -eq "$wanted" ] || { echo "*** it ended with $status, not with $wanted"; return 1; }
}

# shows REGEX: the last run showed it.
shows() { grep -E -q -e "$1" "$SHOWN" || { cat "$SHOWN"; echo "*** it did not show: $1"; return 1; }; }
shows_not() { ! grep -E -e "$1" "$SHOWN"; }

# digest FILE: of its contents; holes are not read, as most of a disk is one.
digest() { python3 "$RUN_DIR/lib/digest.py" "$1"; }

# job LINE...: writes them into $JOB.
JOB=$WORK/web1.job
job() { printf '%s\n' "$@" >"$JOB"; }

# shellcheck shell=bash
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

run_cleanup() {
    local status=$? pid
    trap - EXIT
    for pid in "${PIDS[@]}"; do kill "$pid" 2>/dev/null || true; done
    port_release_all
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
    qemu-nbd --read-only --persistent --shared=0 -f raw -b 127.0.0.1 -p "$PORT" -x disk "$1" 2>>"$WORK/qemu-nbd.log" &
    PIDS+=($!)
    SOURCE=nbd://127.0.0.1:$PORT/disk
    local tenth
    for tenth in $(seq 100); do
        port_answers "$PORT" && return 0
        sleep 0.1
    done
    echo "qemu-nbd does not answer on port $PORT after $tenth tenths of a second" >&2
    return 1
}

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
    python3 "$RUN_DIR/lib/dialogue.py" 300 "${words[@]}" -- "$REHOST" run "$@" >"$SHOWN" 2>&1 || status=$?
    cat "$SHOWN"
    [ "$status" -eq "$wanted" ] || { echo "*** it ended with $status, not with $wanted"; return 1; }
}

# shows REGEX: the last run showed it.
shows() { grep -E -q -e "$1" "$SHOWN" || { cat "$SHOWN"; echo "*** it did not show: $1"; return 1; }; }
shows_not() { ! grep -E -e "$1" "$SHOWN"; }

digest() { sha256sum <"$1" | cut -d' ' -f1; }

# job LINE...: writes them into $JOB.
JOB=$WORK/web1.job
job() { printf '%s\n' "$@" >"$JOB"; }

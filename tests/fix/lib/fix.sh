# shellcheck shell=bash disable=SC2034  # sourced: sets TOP, REHOST, HERE, WORK and MACHINE
# A real Debian on a disk image, fixed for another machine by its own programs.
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
# shellcheck source=tests/vm/lib/namespace.sh
. "$TOP/tests/vm/lib/namespace.sh"
REHOST=${REHOST:-$TOP/out/rehost}
MACHINE=$TOP/tests/hardware/qemu-virtio.json
WORK=$(mktemp -d "${TMPDIR:-/tmp}/rehost-fix.XXXXXX")
MOUNT=$WORK/mount
ROOT_OFFSET=1048576
PATH=$PATH:/usr/sbin:/sbin
# shellcheck source=tests/vm/lib/tap.sh
. "$TOP/tests/vm/lib/tap.sh"
# shellcheck source=tests/vm/lib/wait.sh
. "$TOP/tests/vm/lib/wait.sh"

cleanup() {
    if mountpoint -q "$MOUNT"; then umount "$MOUNT"; fi
    rm -rf "$WORK"
}
trap cleanup EXIT
mkdir "$MOUNT"

# needs_guest GUEST: a copy of its disk, as $WORK/disk.
needs_guest() {
    local image
    [ -x "$REHOST" ] || skip_all "there is no program at $REHOST: build it, or set REHOST"
    [ "$(id -u)" -eq 0 ] || skip_all "file systems are mounted here: this needs root"
    [ -e /dev/loop-control ] || skip_all "there is no /dev/loop-control"
    image=$("$TOP/tests/vm/guests/build" "$1") || must "the guest $1 is built" false
    cp --sparse=always "$image" "$WORK/disk"
}

# A loop detaches a moment after its last user is gone, and mount(8) would take it again, read-only as it may be.
is_detached() { [ -z "$(losetup --associated "$WORK/disk" --noheadings)" ]; }
wait_detached() { wait_until is_detached; }

# mounted OPTION COMMAND...: with the root file system of the disk on $MOUNT. mount(8) loses the race for a free loop device
# when another program takes one at the same time.
mounted() {
    local option=$1 status=0
    shift
    wait_detached
    for _ in 1 2 3 4 5; do
        if mount -o "loop,offset=$ROOT_OFFSET,$option" "$WORK/disk" "$MOUNT" 2>/dev/null; then break; fi
        sleep 1
    done
    mountpoint -q "$MOUNT" || { echo "the disk could not be mounted"; return 1; }
    "$@" || status=$?
    umount "$MOUNT"
    wait_detached
    return "$status"
}

list_files() {
    cd "$MOUNT" || return 1
    find . -xdev \( -type f -printf '%p %m %U:%G %T@ %s\n' -o -type l -printf '%p -> %l\n' -o -printf '%p %m %U:%G\n' \) | sort
    find . -xdev -type f ! -path ./root/fill -print0 | sort -z | xargs -0 sha256sum
    cd / || return 1
}

# remember NAME: every file with its mode, owner, time and digest, in $WORK/NAME.
remember() { mounted ro,noload list_files >"$WORK/$1"; }

same() { diff -u "$WORK/$1" "$WORK/$2"; }

fix() { "$REHOST" fix --hardware "$MACHINE" "$@" "$WORK/disk"; }

# ends_with STATUS TEXT COMMAND...: that exit status, and a line with the text.
ends_with() {
    local status=0 wanted=$1 text=$2
    shift 2
    "$@" >"$WORK/said" 2>&1 || status=$?
    cat "$WORK/said"
    [ "$status" -eq "$wanted" ] && grep -qF -- "$text" "$WORK/said"
}

seen() { "$REHOST" inspect "$WORK/disk" >"$WORK/seen" && grep -qF -- "$1" "$WORK/seen"; }

# Into a file, not a pipe: a grep that has found its word closes the pipe, and rehost would end at its next write.
inspected() { "$REHOST" inspect --json "$WORK/disk" >"$WORK/inspected"; }
holds() { inspected && grep -qF "\"$1\"" "$WORK/inspected"; }
lacks() { inspected && ! grep -qF "\"$1\"" "$WORK/inspected"; }
holds_virtio() { holds virtio_blk; }
lacks_virtio() { lacks virtio_blk; }

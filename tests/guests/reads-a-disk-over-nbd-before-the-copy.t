#!/bin/bash
# The same account of a disk over NBD as from the disk itself; a server that is not there, or goes away, is named.
set -euo pipefail
# shellcheck source=tests/guests/lib/disk.sh
. "$(dirname "$0")/lib/disk.sh"
# shellcheck source=tests/guests/lib/nbd.sh
. "$(dirname "$0")/lib/nbd.sh"

tree "$WORK/tree"
disk "$WORK/disk" "$WORK/tree"
no_server() { fails_with "read $URI" timeout 60 "$REHOST" inspect "$URI"; }

# Reads fail: we neither hang nor take the disk for an empty one.
failing_server() {
    serve --filter=error file "$WORK/disk" error-pread=EIO error-pread-rate=100%
    fails_with "read $URI" timeout 120 "$REHOST" inspect "$URI"
    stop
}

# The server goes away once the partition table was read. What could not be read must not pass for what is not there.
vanishing_server() {
    serve --filter=delay file "$WORK/disk" delay-read=200ms
    (sleep 1.5; kill -9 "$HELPER") &
    fails_with "$URI" timeout 120 "$REHOST" inspect "$URI"
    stop
}

# It answers the first questions and then nothing any more, with the connection open.
silent_server() {
    serve --filter=delay file "$WORK/disk" delay-read=200ms
    (sleep 1.5; kill -STOP "$HELPER"; sleep 140; kill -CONT "$HELPER") >/dev/null 2>&1 &
    local waker=$!
    fails_with "$URI" timeout 150 "$REHOST" inspect "$URI"
    kill "$waker"
    kill -CONT "$HELPER"
    stop
}

no_write() { fails_with "a source is never written to" "$REHOST" fix "$URI" --hardware "$HARDWARE/qemu-virtio.json"; }

must "an NBD server starts" serve file "$WORK/disk"
claim "what is told of a disk over NBD is what is told of the disk" the_same_account
claim "a source is never fixed in place" no_write
stop
rm -f "$SOCKET"
claim "a server that is not there is named" no_server
claim "a server whose reads fail is not taken for an empty disk" failing_server
claim "a server that goes away while it is read is named" vanishing_server
claim "a server that falls silent is given up after a minute" silent_server
tap_done

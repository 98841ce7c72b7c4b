#!/bin/bash
# The program that makes NBD of a source is killed in the middle of the copy, as for want of memory: it is started anew, and the copy goes on.
set -euo pipefail
# shellcheck source=tests/source/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
needs nginx qemu-img qemu-nbd nbdkit nbdfuse mke2fs sfdisk pgrep
make_disk
qemu-img convert -O qcow2 "$DISK" "$WORK/disk.qcow2"
RATE=8000000 # bytes per second: five seconds for all

# slow_file NAME FILE: as the file $WORK/NAME/disk, whose bytes come slowly.
slow_file() {
    mkdir "$WORK/$1"
    serve_slow "$1" "$2" "$RATE" 8 steady
    start "fuse-$1" nbdfuse --readonly "$WORK/$1/disk" "$(uri "$1")"
    wait_until test -f "$WORK/$1/disk"
}
unmount_all() { umount -l "$WORK/raw" "$WORK/image" "$WORK/web" 2>/dev/null || true; }
CLEANUPS+=(unmount_all)

serve_web() {
    echo "daemon off; pid $WORK/nginx.pid; error_log $WORK/nginx.error; user root; events {}
    http { access_log off; client_body_temp_path $WORK/t1; proxy_temp_path $WORK/t2; fastcgi_temp_path $WORK/t3; uwsgi_temp_path $WORK/t4; scgi_temp_path $WORK/t5;
        server { listen 127.0.0.1:$1; root $WORK/web; } }" >"$WORK/nginx.conf"
    start nginx nginx -c "$WORK/nginx.conf"
    wait_for_port "$1"
}

has_come() { [ "$(tail -n 1 "$WORK/copy.log" | sed -n 's/.*"received_bytes":\([0-9]*\).*/\1/p')" -gt "$1" ] 2>/dev/null; }
is_over() { grep -Eq '"event":"(done|failed)"' "$WORK/copy.log"; }

# survives PROGRAM URI: when that is killed, which our own program has started.
survives() {
    local copy program
    rm -f "$TARGET"
    start copy "$REHOST" pull --all --json --patience 60 "$2" "$TARGET"
    copy=$SERVER
    wait_until has_come 8000000 || return 1
    program=$(pgrep -P "$copy" -x "$1") || { echo "no $1 runs"; return 1; }
    kill -KILL "$program"
    wait_until is_over || return 1
    tail -n 1 "$WORK/copy.log" | grep -q '"event":"done"' || { tail -n 1 "$WORK/copy.log"; return 1; }
    same_content "$DISK" "$TARGET"
}

slow_file raw "$DISK"
tries "nbdkit over a raw image is killed, and the copy is whole" survives nbdkit "file:$WORK/raw/disk"
slow_file image "$WORK/disk.qcow2"
tries "qemu-nbd over an image is killed, and the copy is whole" survives qemu-nbd "file:$WORK/image/disk#format=qcow2"
slow_file web "$WORK/disk.qcow2"
port_reserve PORT
serve_web "$PORT"
tries "what reaches the server is killed below qemu-nbd, and the copy is whole" survives nbdkit "http://127.0.0.1:$PORT/disk#format=qcow2"
unmount_all
tap_done

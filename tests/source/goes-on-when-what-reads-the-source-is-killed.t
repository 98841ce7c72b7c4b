#!/bin/bash
# A program that makes NBD of a source is killed, as for want of memory: before the copy, in the middle of it, or while it is verified. It is started
# anew, and all goes on.
set -euo pipefail
# shellcheck source=tests/source/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
PATH=$PATH:/usr/sbin:/sbin
needs nginx openssl qemu-img qemu-nbd nbdkit nbdfuse mke2fs sfdisk pgrep partclone.extfs
make_disk
qemu-img convert -O qcow2 "$DISK" "$WORK/disk.qcow2"
cp "$WORK/disk.qcow2" "$WORK/another.qcow2" # who serves the one has it locked
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
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=web -keyout "$WORK/web.key" -out "$WORK/web.pem" 2>"$WORK/openssl.log"
    echo "daemon off; pid $WORK/nginx.pid; error_log $WORK/nginx.error; user root; events {}
    http { access_log off; client_body_temp_path $WORK/t1; proxy_temp_path $WORK/t2; fastcgi_temp_path $WORK/t3; uwsgi_temp_path $WORK/t4; scgi_temp_path $WORK/t5;
        server { listen 127.0.0.1:$1; root $WORK/web; }
        server { listen 127.0.0.1:$2 ssl; ssl_certificate $WORK/web.pem; ssl_certificate_key $WORK/web.key; root $WORK/raw; } }" >"$WORK/nginx.conf"
    start nginx nginx -c "$WORK/nginx.conf"
    wait_for_port "$1"
}
fingerprint() { openssl x509 -in "$WORK/web.pem" -noout -fingerprint -sha256 | sed 's/.*=//'; }

has_come() { [ "$(tail -n 1 "$WORK/copy.log" | sed -n 's/.*"received_bytes":\([0-9]*\).*/\1/p')" -gt "$1" ] 2>/dev/null; }
is_over() { grep -Eq '"event":"(done|failed)"' "$WORK/copy.log"; }

# begins ARGUMENTS…: a pull that runs in the background; its process id is in $COPY.
begins() {
    start copy "$REHOST" pull --json --patience 60 "$@"
    COPY=$SERVER
}

# kills PROGRAM: which our own program has started; the oldest one, if there are several.
kills() {
    local program
    program=$(pgrep -o -P "$COPY" -x "$1") || { echo "no $1 runs"; return 1; }
    ! is_over || { echo "it is over already"; return 1; }
    kill -KILL "$program"
}

ends_well() {
    wait_until is_over || return 1
    tail -n 1 "$WORK/copy.log" | grep -q '"event":"done"' || { tail -n 1 "$WORK/copy.log"; return 1; }
    same_content "$DISK" "$TARGET"
}

# survives PROGRAM URI: when that is killed in the middle of the copy.
survives() {
    rm -f "$TARGET"
    begins --all "$2" "$TARGET"
    wait_until has_come 8000000 && kills "$1" && ends_well
}

# A partclone that waits for leave before it looks; the time of that number, and no other.
mkdir "$WORK/bin"
cat >"$WORK/bin/partclone.extfs" <<EOF
#!/bin/bash
echo asked >>$WORK/asked
if [ "\$(wc -l <$WORK/asked)" -eq "\$(cat $WORK/held)" ]; then
    touch $WORK/waits
    until [ -e $WORK/leave ]; do sleep 0.05; done
fi
exec $(command -v partclone.extfs) "\$@"
EOF
chmod +x "$WORK/bin/partclone.extfs"
holds() { # NUMBER
    rm -f "$WORK/asked" "$WORK/waits" "$WORK/leave" "$TARGET"
    echo "$1" >"$WORK/held"
}

# in_the_map PROGRAM URI: when that is killed while it is found out what is in use.
in_the_map() {
    holds 1
    PATH=$WORK/bin:$PATH begins "$2" "$TARGET"
    wait_until test -e "$WORK/waits" && kills "$1" && touch "$WORK/leave" && ends_well || return 1
    [ "$(json_number "$WORK/copy.log" free_bytes)" -gt 1000000 ] || { echo "all of it was copied"; return 1; }
}

# The map of the second disk is awaited when the first one's is known.
before_the_copy() {
    holds 2
    PATH=$WORK/bin:$PATH begins "file:$DISK" "$TARGET" "file:$DISK" "$WORK/second"
    wait_until test -e "$WORK/waits" && kills nbdkit && touch "$WORK/leave" && ends_well && same_content "$DISK" "$WORK/second"
}

# What a run without --verify has copied, the next one has to fetch once more.
in_the_verification() {
    rm -f "$TARGET"
    begins --all "file:$WORK/raw/disk" "$TARGET"
    wait_until has_journaled "$TARGET" 32000000 || return 1
    stop "$COPY"
    begins --all --verify "file:$WORK/raw/disk" "$TARGET"
    wait_until grep -q '"verified_bytes":[1-9]' "$WORK/copy.log" && kills nbdkit && ends_well || return 1
    grep -q "\"sha256\":\"$(sha256sum <"$DISK" | cut -d' ' -f1)\"" "$WORK/copy.log" && [ "$(json_number "$WORK/copy.log" fetched_again_bytes)" -ge 16000000 ]
}

# Before anything is asked for, as in the pull; then it stops, as there is no system on this disk.
in_the_plan() {
    local pid
    holds 1
    printf '%s\n' "source=file:$DISK" "disk=$TARGET" confirm=yes >"$WORK/job"
    truncate -s "$DISK_BYTES" "$TARGET"
    PATH=$WORK/bin:$PATH start copy "$REHOST" run --job "$WORK/job" --hardware "$TOP/tests/hardware/qemu-virtio.json" --status "$WORK/status"
    COPY=$SERVER
    wait_until test -e "$WORK/waits" && kills nbdkit && touch "$WORK/leave" && wait_until has_ended "$COPY" || return 1
    cat "$WORK/copy.log"
    grep -q 'reading once more' "$WORK/copy.log" && grep -q 'FAILED at plan' "$WORK/copy.log" && ! grep -q 'cannot be read before the copy' "$WORK/copy.log"
}
has_ended() { ! kill -0 "$1" 2>/dev/null; }

slow_file raw "$DISK"
tries "nbdkit over a raw image is killed, and the copy is whole" survives nbdkit "file:$WORK/raw/disk"
slow_file image "$WORK/disk.qcow2"
tries "qemu-nbd over an image is killed, and the copy is whole" survives qemu-nbd "file:$WORK/image/disk#format=qcow2"
slow_file web "$WORK/disk.qcow2"
port_reserve PORT
port_reserve SECURE
serve_web "$PORT" "${SECURE:?}"
tries "what reaches the server is killed below qemu-nbd, and the copy is whole" survives nbdkit "http://127.0.0.1:$PORT/disk#format=qcow2"
tries "what speaks TLS for it is killed, and the copy is whole" survives rehost "https://127.0.0.1:$SECURE/disk#fingerprint=$(fingerprint)"
tries "nbdkit is killed while the copy is verified, which goes on" in_the_verification
tries "nbdkit is killed while it is found out what is in use: that is begun anew" in_the_map nbdkit "file:$DISK"
tries "qemu-nbd is, too" in_the_map qemu-nbd "file:$WORK/another.qcow2"
tries "nbdkit is killed between that and the copy" before_the_copy
tries "nbdkit is killed while a plan is made" in_the_plan
unmount_all
tap_done

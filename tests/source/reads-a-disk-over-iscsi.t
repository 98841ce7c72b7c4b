#!/bin/bash
# A LUN of an iSCSI target that asks for a password (CHAP).
# shellcheck disable=SC2154 # port_reserve sets the ports
set -euo pipefail
# shellcheck source=tests/source/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
needs tgtd tgtadm qemu-img qemu-nbd nbdkit mke2fs sfdisk
make_disk

name=iqn.2026-11.org.example:web
port_reserve port
uri="iscsi://mover@127.0.0.1:$port/$name"

admin() { tgtadm -C 7 --lld iscsi "$@"; }

serve() {
    start tgtd tgtd -f -C 7 --iscsi "portal=127.0.0.1:$port"
    wait_until admin --op show --mode system >/dev/null 2>&1
    qemu-img convert -O qcow2 "$DISK" "$WORK/image"
    truncate -s "%512" "$WORK/image"
    admin --op new --mode target --tid 1 -T "$name"
    admin --op new --mode logicalunit --tid 1 --lun 1 -b "$DISK"
    admin --op new --mode logicalunit --tid 1 --lun 2 -b "$WORK/image"
    admin --op bind --mode target --tid 1 -I ALL
    admin --op new --mode account --user mover --password secret-of-12
    admin --op bind --mode account --tid 1 --user mover
    echo secret-of-12 >"$WORK/right"
    echo secret-of-13 >"$WORK/wrong"
}

not_seen() {
    SOURCE_MARK=$WORK strace -f -q -e trace=execve -s 4096 -v -o "$WORK/trace" "$REHOST" pull "$uri/1#password-file=$WORK/right" "$TARGET" || return 1
    grep -q 'qemu-nbd' "$WORK/trace" || { echo "the trace shows no adapter"; return 1; }
    ! grep secret-of-12 "$WORK/trace"
}

must "the iSCSI target starts" serve
tries "a LUN, by CHAP" arrives_by "$uri/1#password-file=$WORK/right"
tries "a LUN that holds an image" arrives_by "$uri/2#password-file=$WORK/right&format=qcow2"
tries "a LUN that begins like an image is not guessed at" refuses "$uri/2#password-file=$WORK/right" 'begins as a qcow2 image, and its name does not say so'
tries "the password stands in no command line or environment" not_seen
tries "a wrong password" refuses "$uri/1#password-file=$WORK/wrong" '[Ll]ogin|[Aa]uth'
tries "no password" refuses "$uri/1" 'the password of mover is missing'
tries "without CHAP" refuses "iscsi://127.0.0.1:$port/$name/1" '[Ll]ogin|[Aa]uth'
tries "a LUN that is not there" refuses "$uri/9#password-file=$WORK/right" 'LUN|LOGICAL_UNIT'
tries "no LUN" refuses "iscsi://127.0.0.1:$port/$name" 'names no LUN'
tries "nobody who listens" refuses "iscsi://127.0.0.1:1/$name/1" '[Cc]onnect'
tap_done

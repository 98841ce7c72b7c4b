#!/bin/bash
# all=yes, read-errors=zero and verify=yes in a job, or on the kernel's command line: of a server whose disk has a sector that cannot be read.
# shellcheck source=tests/run/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

real_server
command -v debugfs >/dev/null || skip_all "debugfs is not installed"
START=1048576 # of the first partition
LICENCE=/usr/share/common-licenses/GPL-3
BLOCK=$(debugfs -R "blocks $LICENCE" "$IMAGE?offset=$START" 2>/dev/null | cut -d' ' -f2)
SECTOR=$((START + BLOCK * 4096 + 512))
qemu-nbd --read-only --persistent --shared=0 --socket="$WORK/source.sock" --image-opts \
    "driver=raw,file.driver=blkdebug,file.image.driver=file,file.image.filename=$IMAGE,file.inject-error.0.event=none,file.inject-error.0.sector=$((SECTOR / 512)),file.inject-error.0.errno=5" &
PIDS+=($!)
wait_until socket_listens "$WORK/source.sock"
blank_image "$WORK/target" 3200M
move=(--job "$JOB" --hardware "$HARDWARE" --status "$DOCUMENT")

sector() { dd if="$1" bs=512 skip=$((SECTOR / 512)) count=1 status=none; }
is_zero() { sector "$1" | cmp -s -n 512 - /dev/zero; }
was_lost() { is_zero "$WORK/target" && ! is_zero "$IMAGE"; }

job "source=nbd+unix:///?socket=$WORK/source.sock" "disk=$WORK/target" confirm=yes all=yes verify=yes
tries "by itself it stops at what cannot be read" runs 1 -- "${move[@]}"
tries "... and names the key that goes on" shows 'in a job: read-errors=zero'
echo rehost.read-errors=zero >"$WORK/cmdline"
tries "with the key on the command line, it goes on to the end" runs 0 -- "${move[@]}" --command-line "$WORK/cmdline"
tries "the file that has lost something is named" shows "512 bytes at offset $SECTOR: partition 1 .ext4.: $LICENCE"
tries "... in the status document too" test "$(field "[(l['offset_bytes'], l['size_bytes'], '$LICENCE' in l['holds'][0]) for l in s['lost']]")" = "[($SECTOR, 512, True)]"
tries "this sector is zero on the target, and was not on the source" was_lost
tries "free space was copied too" test "$(field '"map" in s')" = False
tries "all was read back and compared" shows 'verified in .* SHA-256 of the whole: [0-9a-f]{64}'
tries "the moved disk has its boot signature" has_signature "$WORK/target"
tap_done

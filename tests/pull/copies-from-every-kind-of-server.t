#!/bin/bash
# What arrives is what the source holds, whatever server it is and whatever it can do.
set -euo pipefail
# shellcheck source=tests/pull/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
needs qemu-nbd nbdkit python3

SOURCE=$WORK/source.img
SIZE=$((61 * 1048576 + 512 * 5))
make_source "$SOURCE" "$SIZE"

# copies CLAIM NAME: pulls from the server of that name into a new file and compares.
copies() {
    tries "$1" pulls_whole "$SOURCE" "$(uri "$2" "${3:-}")" "$WORK/$2.target"
    rm -f "$WORK/$2.target"
    stop "$SERVER"
}

serve_qemu qemu -f raw -e 8 "$SOURCE"
copies "qemu-nbd: GO, structured replies, base:allocation" qemu
serve_qemu alone -f raw "$SOURCE"
copies "qemu-nbd that allows one connection only" alone
qemu-img convert -O qcow2 "$SOURCE" "$WORK/source.qcow2"
serve_qemu qcow2 -f qcow2 -e 8 -x disk "$WORK/source.qcow2"
copies "qemu-nbd serving qcow2 under an export name" qcow2 disk

serve_nbdkit nbdkit file "$SOURCE"
copies "nbdkit: GO and structured replies" nbdkit
serve_nbdkit simple --no-sr file "$SOURCE"
copies "nbdkit: GO and simple replies" simple
serve_nbdkit old --mask-handshake=0 --no-sr file "$SOURCE"
copies "nbdkit: newstyle that is not fixed, EXPORT_NAME with 124 zeroes" old
serve_nbdkit nozeroes --mask-handshake=2 --no-sr file "$SOURCE"
copies "nbdkit: newstyle that is not fixed, without the zeroes" nozeroes
serve_nbdkit noextents --filter=noextents file "$SOURCE"
copies "nbdkit without an allocation map" noextents
serve_nbdkit small --filter=blocksize-policy file "$SOURCE" blocksize-minimum=512 blocksize-maximum=65536 blocksize-error-policy=error
copies "nbdkit that refuses requests above 64 KiB" small
serve_nbdkit tiny --filter=blocksize-policy file "$SOURCE" blocksize-minimum=512 blocksize-preferred=512 blocksize-maximum=2048 blocksize-error-policy=error
copies "nbdkit that refuses requests above 2 KiB" tiny
{ head -c 3145728 "$SOURCE" && head -c $((SIZE - 3145728)) /dev/zero; } >"$WORK/zeroes.img"
printf '0 3M\n3M %s hole,zero\n' "$((SIZE - 3145728))" >"$WORK/extents"
serve_nbdkit extentlist --filter=extentlist file "$WORK/zeroes.img" extentlist="$WORK/extents"
tries "nbdkit whose extents are a list" pulls_whole "$WORK/zeroes.img" --json "$(uri extentlist)" "$WORK/extentlist.target"
tries "... by which zeroes are not sent" test "$(json_number "$WORK/pull.out" received_bytes)" -le $((10 * 1048576))
stop "$SERVER"
serve_nbdkit retry --filter=retry --filter=error file "$SOURCE" error-pread=EIO error-pread-rate=4% retry-delay=1 retry-exponential=no retries=20
copies "nbdkit that tries again by itself" retry
serve_nbdkit last --filter=exitlast file "$SOURCE"
copies "nbdkit that ends with its last client" last
truncate -s %65536 "$SOURCE" # the disk of such a server has whole blocks
serve_nbdkit large --filter=blocksize-policy file "$SOURCE" blocksize-minimum=65536 blocksize-preferred=65536 blocksize-maximum=131072 blocksize-error-policy=error
tries "nbdkit that refuses requests below 64 KiB, though smaller ones are wanted" pulls_whole "$SOURCE" --request-size 4096 "$(uri large)" "$WORK/small-requests"
copies "nbdkit that refuses requests not aligned to 64 KiB" large
serve_nbdkit named --filter=exportname file "$SOURCE" exportname="disk one" exportname-strict=true
copies "an export name with a blank, percent-encoded" named disk%20one

for oddity in pieces shuffled df-overflow error-offset unknown-error status-error status-hole status-beyond-last; do
    serve_rotten "$oddity" "$SOURCE" "odd-$oddity"
    head -c "$(stat -c %s "$SOURCE")" /dev/urandom >"$WORK/$oddity.target" # so that what is not written shows
    copies "rare but right: $oddity" "$oddity"
done
rm -f "$WORK/logged.sock"
start logged nbdkit -f -U "$WORK/logged.sock" --filter=log file "$SOURCE" logfile="$WORK/logged.txt"
wait_for_socket "$WORK/logged.sock"
copies "nbdkit that would take writes" logged
tries "... sees no command but reads and questions" test "$(grep -cE ' (Write|Zero|Trim|Flush|Cache) ' "$WORK/logged.txt")" -eq 0
tries "... of which it sees some" grep -q ' Read ' "$WORK/logged.txt"
serve_rotten xenserver "$SOURCE" odd-xenserver
copies "a server that hangs up on every option but EXPORT_NAME (XenServer)" xenserver

tap_done

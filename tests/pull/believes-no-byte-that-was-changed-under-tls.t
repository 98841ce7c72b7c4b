#!/bin/bash
# Somebody in between changes or cuts what a server sends over TLS: that is a lost connection and never data. A source that is
# killed in the middle is waited for as in the clear.
set -euo pipefail
# shellcheck source=tests/pull/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
# shellcheck source=tests/pull/lib/tls.sh
. "$(dirname "$0")/lib/tls.sh"
needs nbdkit qemu-nbd python3

SIZE=$((64 * 1048576))
SOURCE=$WORK/source.img
TARGET=$WORK/target.img
head -c "$SIZE" /dev/urandom >"$SOURCE"
mkdir "$WORK/keys"
echo alice:000102030405060708090a0b0c0d0e0f >"$WORK/keys/keys.psk"
KEY=tls-psk-file=$WORK/keys/keys.psk
serve_psk source "$WORK/keys/keys.psk" file "$SOURCE"

# After the first connection has read what the disk is known by: its first 4 MiB and its last.
AFTER=5600000

# meddled_with WHAT PATTERN: every connection is; the pull ends so, and the disk does not boot.
meddled_with() {
    rm -f "$TARGET"
    meddle source "$1" "$AFTER" 1000000
    pull_says 1 "$2" --patience 1 "$(tls_uri source-met "$KEY")" "$TARGET" || return 1
    stop "$SERVER"
    grep -q "^$1" "$WORK/meddler.log" || { echo "nothing was meddled with"; return 1; }
    does_not_boot "$TARGET" "$SIZE"
}

# survives WHAT: two connections are meddled with, and the copy is whole all the same.
survives() {
    rm -f "$TARGET"
    meddle source "$1" "$AFTER" 2
    pulls_whole "$SOURCE" --patience 20 "$(tls_uri source-met "$KEY")" "$TARGET" || return 1
    stop "$SERVER"
    [ "$(grep -c "^$1" "$WORK/meddler.log")" -eq 2 ] || { echo "not two connections were meddled with"; return 1; }
}

tries "one bit is wrong in every connection: lost, and it says why" meddled_with flip 'did not come back within 1 s: .*damaged or forged on its way'
tries "every connection is cut without TLS's goodbye" meddled_with cut 'closed the connection|connection was lost'
tries "one bit is wrong in two connections: they are made anew" survives flip
tries "two connections are cut in the middle" survives cut
for offset in 39 43 90 300; do
    meddle source flip "$offset" 1000000
    tries "a bit of the handshake is wrong (byte $offset)" pull_says 1 'TLS|NBD|damaged' "$(tls_uri source-met "$KEY")" "$WORK/none"
    tries "... and nothing was written" test ! -e "$WORK/none"
    stop "$SERVER"
done

meddle source drip 60 1000000
tries "a handshake that comes a byte at a time is given up" pull_says 1 'does not speak, or too slowly' "$(tls_uri source-met "$KEY")" "$WORK/none"
stop "$SERVER"

rm -f "$TARGET"
serve_qemu behind -f raw -e 8 --object "tls-creds-psk,id=tls0,endpoint=server,dir=$WORK/keys" --tls-creds tls0 "$SOURCE"
link gone behind stop=$((SIZE / 2))
"$REHOST" pull --all --json "$(tls_uri gone "$KEY")" "$TARGET" >"$WORK/back.out" 2>"$WORK/back.err" &
PULL=$!
must "half of it comes" wait_until has_journaled "$TARGET" $((SIZE / 4))
stop "$LINK"
tries "the server is lost in the middle: it is waited for" wait_until grep -q '"trouble":"the source has been gone' "$WORK/back.out"
link gone behind
tries "... it comes back, the copy goes on and ends well" wait "$PULL"
tries "... and is the source" same_content "$SOURCE" "$TARGET"
tap_done

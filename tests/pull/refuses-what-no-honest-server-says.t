#!/bin/bash
# Each lie ends the pull with exit status 1 and a message that says what the server said; the disk does not boot.
set -euo pipefail
# shellcheck source=tests/pull/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
needs python3

SOURCE=$WORK/source.img
SIZE=$((8 * 1048576))
make_source "$SOURCE" "$SIZE"

# refused LIE PATTERN: for good, and not after the patience for a source that may come back.
refused() {
    local lie=$1 pattern=$2 status=0
    timeout 120 "$REHOST" pull --all --patience 2 "$(uri "$lie")" "$WORK/target" >"$WORK/pull.out" 2>&1 || status=$?
    cat "$WORK/pull.out"
    [ "$status" -eq 1 ] || { echo "exit status $status instead of 1"; return 1; }
    grep -Eq -- "$pattern" "$WORK/pull.out" || { echo "the output does not match: $pattern"; return 1; }
    kill -0 "$SERVER" || { echo "the server ended: it was sent something else than reads"; return 1; }
    [ ! -e "$WORK/target" ] || does_not_boot "$WORK/target" "$SIZE"
}

# These take as long as a handshake may, so they begin first. `waited` says how they ended.
declare -A SLOW
for lie in silent drip; do
    serve_rotten "$lie" "$SOURCE" "$lie"
    timeout 120 "$REHOST" pull --all --patience 2 "$(uri "$lie")" "$WORK/$lie.target" >"$WORK/$lie.out" 2>&1 &
    SLOW[$lie]=$!
done
waited() {
    local status=0
    wait "${SLOW[$1]}" || status=$?
    cat "$WORK/$1.out"
    [ "$status" -eq 1 ] && grep -Eq -- "$2" "$WORK/$1.out" && [ ! -e "$WORK/$1.target" ]
}

while read -r lie pattern; do
    serve_rotten "$lie" "$SOURCE" "$lie"
    tries "$lie" refused "$lie" "$pattern"
    stop "$SERVER"
    rm -f "$WORK/target"
done <<'LIES'
greeting-garbage   no NBD server: it greets with the bytes
oldstyle           oldstyle protocol
option-garbage     answers option 8 with garbage
endless-go         does not describe its export
go-huge            answers option 7 with 2147483648 bytes
go-short           describes its export in 2 bytes of kind 0
go-empty           does not describe its export
block-sizes        wants blocks of 3 to 1 bytes
size-zero          size is 0
size-huge          size is 9223372036854775808 bytes
size-larger        cannot read [0-9]+ bytes at offset [0-9]+
unknown-cookie     answers request .* never sent
short-answer       ends before all [0-9]+ bytes have come
long-answer        sends a chunk of type 1 with [0-9]+ bytes|it sends [0-9]+ bytes at offset
outside            it sends [0-9]+ bytes at offset
before             it sends [0-9]+ bytes at offset|twice
twice              twice
hole-outside       it sends [0-9]+ bytes at offset 0
hole-everything    it sends 4294967295 bytes at offset 0
huge-chunk         chunk of type 1 with 2147483647 bytes
empty-done         ends before all
unknown-chunk      chunk of type 77
garbage            a reply starts with the bytes
agreed-but-simple  simple reply, though structured
structured-unasked structured reply, which was not agreed on
simple-unknown-cookie answers request
simple-long        a reply starts with the bytes
status-other-context block status of context 99
status-empty       extent that is empty
status-beyond      extent that is empty or beyond
LIES

tries "a server that accepts and never speaks" waited silent 'accepts connections but does not speak'
tries "a server that sends one byte every 200 ms" waited drip 'does not speak, or too slowly'
tap_done

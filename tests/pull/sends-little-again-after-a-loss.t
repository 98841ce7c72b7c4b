#!/bin/bash
# Bytes are counted between rehost and the server. Whatever is lost — the connections, the server, rehost itself — what had
# arrived is not sent again: only its first 4 MiB and its last, by which the disk is known again, and what was on its way or
# not yet in the journal. On a disk of 4 GiB all of that is less than one percent.
set -euo pipefail
# shellcheck source=tests/pull/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
needs qemu-nbd python3

MIB=1048576
SIZE=$((64 * MIB))
MOST=$((SIZE * 3 / 4))
IDENTITY=$((5 * MIB + 65536))         # its first 4 MiB and its last: read at the start and after each loss …
ENDS=$((2 * MIB))                     # … and the held-back ends among them are not read otherwise
ON_ITS_WAY=$((8 * MIB))               # a request of 1 MiB cut in two on each of 4 connections, and what their sockets hold
ONE_PERCENT=$((4096 * MIB / 100))
SOURCE=$WORK/source.img
TARGET=$WORK/target.img
head -c "$SIZE" /dev/urandom >"$SOURCE"

# over NAME OPTIONS…: a new copy, over a link of that name.
over() {
    rm -f "$TARGET"
    link "$1" behind "${@:2}"
    in_background "$1"
}
serve_behind() {
    serve_qemu behind -f raw -e 16 "$SOURCE"
    BEHIND=$SERVER
}

in_background() {
    "$REHOST" pull --all --json "$(uri "$1")" "$TARGET" >"$WORK/back.out" 2>"$WORK/back.err" &
    PULL=$!
}

# Three quarters of the disk have gone over the link, which stops there, and all of it is in the journal but what is on its way.
is_mostly_there() { has_journaled "$TARGET" $((MOST - ON_ITS_WAY)); }

ended_well() {
    wait "$PULL" || { tail -n 3 "$WORK/back.out" "$WORK/back.err"; return 1; }
    same_content "$SOURCE" "$TARGET"
}

is_little() { [ "$1" -ge "$SIZE" ] && [ "$AGAIN" -le "$2" ] && [ "$2" -le "$ONE_PERCENT" ]; }

# again NAME BYTES: not more than that was sent beyond the disk and its first and last blocks.
again() {
    local sent
    rm "$WORK/$1.count"
    wait_until test -e "$WORK/$1.count"
    read -r sent _ <"$WORK/$1.count"
    AGAIN=$((sent - SIZE - IDENTITY + ENDS))
    tries "... $((AGAIN / 1024)) KiB were sent again, of at most $(($2 / 1024))" is_little "$sent" "$2"
}

serve_behind
over undisturbed rate=$((SIZE * 2))
tries "nothing is lost: the copy ends well" ended_well
again undisturbed $((MIB / 2))

over cut stop=$((IDENTITY + MOST))
must "most of another copy comes, and is soon in the journal" wait_until is_mostly_there
kill -USR1 "$LINK"
link_goes_on
tries "every connection is cut in the middle of its requests: the copy ends well" ended_well
again cut $((IDENTITY + ON_ITS_WAY))

over restarted stop=$((IDENTITY + MOST))
must "most of another comes" wait_until is_mostly_there
stop "$BEHIND"
read -r _ BEFORE <"$WORK/restarted.count"
link_goes_on
tries "the server goes, in the middle of requests: that is told" wait_until grep -q '"trouble":"the source has been gone' "$WORK/back.out"
sleep 4
read -r _ AFTER <"$WORK/restarted.count"
serve_behind
tries "... it comes back: the copy ends well" ended_well
tries "... the server was asked for less and less often ($((AFTER - BEFORE)) times)" test $((AFTER - BEFORE)) -le 28
tries "... but was asked for" test $((AFTER - BEFORE)) -ge 4
again restarted $((IDENTITY + ON_ITS_WAY))

over killed stop=$((IDENTITY + MOST))
must "most of another comes" wait_until is_mostly_there
{ kill -9 "$PULL" && wait "$PULL"; } 2>/dev/null || true
link_goes_on
in_background killed
tries "rehost itself is killed and started again: the copy ends well" ended_well
again killed $((IDENTITY + ON_ITS_WAY))

over flaky cut=$((16 * MIB + 12345))
tries "each connection is cut after 16 MiB, in the middle of a reply, again and again: the copy ends well" ended_well

over dripping drip=$((7 * MIB))
tries "bytes that come one by one for a while are bytes all the same" ended_well
tap_done

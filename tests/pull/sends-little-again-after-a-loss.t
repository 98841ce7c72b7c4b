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
RATE=$((16 * MIB))
IDENTITY=$((5 * MIB + 65536))         # its first 4 MiB and its last: read at the start and after each loss …
ENDS=$((2 * MIB))                     # … and the held-back ends among them are not read otherwise
ON_ITS_WAY=$((8 * MIB))               # a request of 1 MiB cut in two on each of 4 connections, and what their sockets hold
NOT_IN_THE_JOURNAL=$((RATE * 3 / 4))  # it is written every half second, and that takes its time
ONE_PERCENT=$((4096 * MIB / 100))
SOURCE=$WORK/source.img
TARGET=$WORK/target.img
head -c "$SIZE" /dev/urandom >"$SOURCE"

# link NAME OPTIONS…: the source behind a link of that name; the process id of the link is in $LINK.
link() {
    local name=$1
    shift
    rm -f "$TARGET"
    [ -S "$WORK/behind.sock" ] || serve_behind
    start "$name" python3 "$TOP/tests/pull/lib/link.py" "$WORK/$name.sock" "$WORK/behind.sock" "$WORK/$name.count" "$@"
    LINK=$SERVER
    wait_for_socket "$WORK/$name.sock"
}
serve_behind() {
    serve_qemu behind -f raw -e 16 "$SOURCE"
    BEHIND=$SERVER
}

in_background() {
    "$REHOST" pull --all --json "$(uri "$1")" "$TARGET" >"$WORK/back.out" 2>"$WORK/back.err" &
    PULL=$!
}

# when_mostly_done NAME: waits until three quarters of the disk have gone over the link.
when_mostly_done() {
    for _ in $(seq 300); do
        [ "$(cut -d ' ' -f 1 "$WORK/$1.count" 2>/dev/null || echo 0)" -lt $((IDENTITY + SIZE * 3 / 4)) ] || return 0
        sleep 0.05
    done
    return 1
}

ended_well() {
    wait "$PULL" || { tail -n 3 "$WORK/back.out" "$WORK/back.err"; return 1; }
    same_content "$SOURCE" "$TARGET"
}

is_little() { [ "$1" -ge "$SIZE" ] && [ "$AGAIN" -le "$2" ] && [ "$2" -le "$ONE_PERCENT" ]; }

# again NAME BYTES: not more than that was sent beyond the disk and its first and last blocks.
again() {
    local sent
    sleep 0.5 # the count is written every tenth of a second
    read -r sent _ <"$WORK/$1.count"
    AGAIN=$((sent - SIZE - IDENTITY + ENDS))
    tries "... $((AGAIN / 1024)) KiB were sent again, of at most $(($2 / 1024))" is_little "$sent" "$2"
}

link undisturbed rate=$((RATE * 8))
in_background undisturbed
tries "nothing is lost: the copy ends well" ended_well
again undisturbed $((MIB / 2))

link cut rate="$RATE"
in_background cut
when_mostly_done cut
kill -USR1 "$LINK"
tries "every connection is cut in the middle of its requests: the copy ends well" ended_well
again cut $((IDENTITY + ON_ITS_WAY))

link restarted rate="$RATE"
in_background restarted
when_mostly_done restarted
stop "$BEHIND"
read -r _ BEFORE <"$WORK/restarted.count"
sleep 4
read -r _ AFTER <"$WORK/restarted.count"
serve_behind
tries "the server is gone for four seconds, in the middle of requests: the copy ends well" ended_well
tries "... it was told what is the matter" grep -q '"trouble":"the source has been gone' "$WORK/back.out"
tries "... the server was asked for less and less often ($((AFTER - BEFORE)) times)" test $((AFTER - BEFORE)) -le 20
tries "... but was asked for" test $((AFTER - BEFORE)) -ge 4
again restarted $((IDENTITY + ON_ITS_WAY))

link killed rate="$RATE"
in_background killed
when_mostly_done killed
{ kill -9 "$PULL" && wait "$PULL"; } 2>/dev/null || true
in_background killed
tries "rehost itself is killed and started again: the copy ends well" ended_well
again killed $((IDENTITY + ON_ITS_WAY + NOT_IN_THE_JOURNAL))

link flaky cut=$((16 * MIB + 12345))
in_background flaky
tries "each connection is cut after 16 MiB, in the middle of a reply, again and again: the copy ends well" ended_well

link dripping drip=$((7 * MIB))
in_background dripping
tries "bytes that come one by one for a while are bytes all the same" ended_well
tap_done

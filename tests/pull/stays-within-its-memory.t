#!/bin/bash
# At most 32 MB whatever is pulled: a dense disk over many connections, and a 4 TiB one whose journal fits its place.
set -euo pipefail
# shellcheck source=tests/pull/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
needs nbdkit perl

LIMIT_KB=32768
# peak COMMAND…: runs it, prints the most memory it had (in kB) as the kernel saw it at its end.
peak() { perl -e 'use strict; my $pid = fork // die; if (!$pid) { open STDOUT, ">", "/dev/null"; exec @ARGV or exit 127 }
    my $most = 0;
    while (waitpid($pid, 1) == 0) {
        if (open my $status, "<", "/proc/$pid/status") { while (<$status>) { $most = $1 if /^VmHWM:\s+(\d+)/ && $1 > $most } }
        select undef, undef, undef, 0.01;
    }
    print "$most\n"; exit($? >> 8)' "$@"; }

head -c $((200 * 1048576)) /dev/urandom >"$WORK/dense.img"
serve_nbdkit dense file "$WORK/dense.img"
PEAK=$(peak "$REHOST" pull --all "$(uri dense)" "$WORK/target")
tries "200 MiB with the usual settings: $PEAK kB" test "$PEAK" -gt 0 -a "$PEAK" -le "$LIMIT_KB"
tries "... arrive whole" same_content "$WORK/dense.img" "$WORK/target"
PEAK=$(peak "$REHOST" pull --all --connections 16 --request-size 8388608 "$(uri dense)" "$WORK/target")
tries "16 connections with 8 MiB requests: $PEAK kB" test "$PEAK" -gt 0 -a "$PEAK" -le "$LIMIT_KB"
tries "... arrive whole" same_content "$WORK/dense.img" "$WORK/target"
PEAK=$(peak "$REHOST" pull --all "$(uri dense)" "$WORK/target" "$(uri dense)" "$WORK/b" "$(uri dense)" "$WORK/c" "$(uri dense)" "$WORK/d")
tries "four disks at once: $PEAK kB, 10 MB more for each" test "$PEAK" -gt 0 -a "$PEAK" -le $((LIMIT_KB + 3 * 10240))
tries "... arrive whole" same_content "$WORK/dense.img" "$WORK/d"
rm "$WORK"/{target,b,c,d,dense.img}

# A data pattern at far-apart places of a disk of 4 TiB, some of them in the middle of a chunk.
SIZE=$((4 * 1024 * 1024 * 1048576 + 512))
serve_nbdkit huge data size="$SIZE" data='
    ("begin"*1000 @510 0x55 0xaa)  @0x40001000 "a"*70000  @0x1FFFFFFF000 "b"*8192  @0x3F000000000 "c"*3000000  @0x3FFFFFFF000 "end"'
truncate -s "$SIZE" "$WORK/target" 2>/dev/null || { echo "1..$TAP_COUNT # no file of 4 TiB can be made here"; exit 0; }
started=$SECONDS
PEAK=$(peak "$REHOST" pull --all "$(uri huge)" "$WORK/target")
tries "4 TiB, nearly all holes: $PEAK kB" test "$PEAK" -gt 0 -a "$PEAK" -le "$LIMIT_KB"
diag "took $((SECONDS - started)) s"
at() { dd if="$WORK/target" bs=4096 skip=$(($1 / 4096)) count=3 status=none | tr -d '\0' | head -c "$2"; }
tries "the beginning is there" test "$(at 0 5)" = begin
tries "... 1 GiB" test "$(at $((0x40001000)) 4)" = aaaa
tries "... 2 TiB, across a border of chunks" test "$(at $((0x1FFFFFFF000)) 8192 | tr -d b | wc -c)" -eq 0
tries "... 3.9 TiB" test "$(at $((0x3F000000000)) 4)" = cccc
tries "... the end" test "$(at $((0x3FFFFFFF000)) 3)" = end
tap_done

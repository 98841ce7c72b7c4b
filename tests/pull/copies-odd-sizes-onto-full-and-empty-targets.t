#!/bin/bash
# Sizes that no block size divides; targets full of old data, empty, and larger than the source.
set -euo pipefail
# shellcheck source=tests/pull/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
needs nbdkit perl

MIB=1048576
for size in $((2 * MIB)) $((2 * MIB + 512)) $((3 * MIB - 512)) $((5 * MIB + 65536)) $((17 * MIB + 4096 + 512)) $((20 * MIB + 1)); do
    make_source "$WORK/source.img" "$size"
    serve_nbdkit "s$size" file "$WORK/source.img"
    tries "$size bytes onto a new file" pulls_whole "$WORK/source.img" "$(uri "s$size")" "$WORK/new"
    head -c "$size" /dev/urandom >"$WORK/full"
    tries "$size bytes onto a file full of old data" pulls_whole "$WORK/source.img" "$(uri "s$size")" "$WORK/full"
    stop "$SERVER"
    rm -f "$WORK/new" "$WORK/full"
done

make_source "$WORK/source.img" $((40 * MIB + 512))
serve_nbdkit holes file "$WORK/source.img"
pull --json "$(uri holes)" "$WORK/sparse" >/dev/null
allocated() { du --block-size=1 "$1" | cut -f1; }
tries "holes are not sent" test "$(json_number "$WORK/pull.out" received_bytes)" -lt $((25 * MIB))
tries "... and stay holes in a file" test "$(allocated "$WORK/sparse")" -le $(($(allocated "$WORK/source.img") + MIB))
serve_nbdkit zeroes --filter=noextents file "$WORK/source.img"
rm "$WORK/sparse"
pull "$(uri zeroes)" "$WORK/sparse" >/dev/null
tries "zeroes that were sent are not written where there are zeroes already" test "$(allocated "$WORK/sparse")" -le $(($(allocated "$WORK/source.img") + 2 * MIB))

# A larger disk: what lies behind the source's end must not look like a partition table either.
head -c $((50 * MIB)) /dev/zero | tr '\0' G >"$WORK/larger"
tries "onto a larger file full of old data" pulls_whole "$WORK/source.img" "$(uri holes)" "$WORK/larger"
tries "... whose last MiB, where a GPT could be, is wiped" cmp <(tail -c "$MIB" "$WORK/larger") <(head -c "$MIB" /dev/zero)
tries "... and whose size stays" test "$(stat -c %s "$WORK/larger")" -eq $((50 * MIB))
make_source "$WORK/small.img" 1000000
serve_nbdkit small file "$WORK/small.img"
tries "a source below 2 MiB is no disk" pull_says 1 'has only 1000000 bytes' "$(uri small)" "$WORK/x"
tap_done

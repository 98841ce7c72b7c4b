#!/bin/bash
# Read errors of the source: those that pass are outlasted, those that stay are named with their offset.
set -euo pipefail
# shellcheck source=tests/pull/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
needs nbdkit perl

SOURCE=$WORK/source.img
SIZE=$((32 * 1048576))
head -c "$SIZE" /dev/urandom >"$SOURCE"

serve_nbdkit flaky --filter=error file "$SOURCE" error-pread=EIO error-pread-rate=15%
tries "one read in seven fails: the copy is right all the same" pulls_whole "$SOURCE" "$(uri flaky)" "$WORK/a"
serve_nbdkit delayed --filter=delay file "$SOURCE" rdelay=50ms
tries "a source that takes 50 ms for each answer" pulls_whole "$SOURCE" "$(uri delayed)" "$WORK/b"

# serve_defects NAME START END: bytes START to END are defective for ever. It notes what it is asked for.
serve_defects() {
    serve_nbdkit "$1" eval get_size="echo $SIZE" thread_model='echo parallel' pread="
        echo \$4 \$3 >>$WORK/$1.asked
        if [ \$4 -lt $3 ] && [ \$((\$4 + \$3)) -gt $2 ]; then echo 'EIO the disk is defective' >&2; exit 1; fi
        dd if=$SOURCE skip=\$4 count=\$3 iflag=count_bytes,skip_bytes status=none"
}
names_the_sector() { pull_says 1 "copy .*defect.sock.*: the source cannot read 512 bytes at offset $((20 * 1048576 + 7 * 512)): (Input/output|I/O) error" "$(uri defect)" "$WORK/c"; }
asked_in_steps() {
    local smaller
    smaller=$(awk -v start=$((20 * 1048576)) '$1 >= start && $1 < start + 1048576 && $2 < 1048576' "$WORK/defect.asked" | wc -l)
    echo "$smaller smaller requests"
    [ "$smaller" -ge 10 ] && [ "$smaller" -le 40 ]
}
serve_defects defect $((20 * 1048576 + 7 * 512 + 9)) $((20 * 1048576 + 7 * 512 + 10))
tries "a defect that stays ends the pull, with the source, the sector and why" names_the_sector
tries "... found in few requests" asked_in_steps
tries "... the disk does not boot" does_not_boot "$WORK/c" "$SIZE"
serve_nbdkit mended file "$SOURCE"
tries "... and once it is mended the rest is fetched" pulls_whole "$SOURCE" "$(uri mended)" "$WORK/c"

# A server whose own disk is gone for a while (nbdkit over ssh or https) answers every read with EIO.
gone_for_a_while() {
    local pull
    touch "$SOURCE.gone"
    "$REHOST" pull --all --json "$(uri adapter)" "$WORK/d" >"$WORK/gone.out" 2>&1 &
    pull=$!
    wait_until grep -q 'has been gone for .*cannot read' "$WORK/gone.out" || { cat "$WORK/gone.out"; return 1; }
    rm "$SOURCE.gone"
    wait "$pull" && same_content "$SOURCE" "$WORK/d"
}
gone_for_good() {
    touch "$SOURCE.gone"
    pull_says 1 'was lost and did not come back within 2 s.*(can read nothing|cannot read)' --patience 2 "$(uri adapter)" "$WORK/e"
}
serve_rotten adapter "$SOURCE" odd-gone
tries "a server that can read nothing for a while is waited for" gone_for_a_while
tries "... and one that never can again is lost, not defective" gone_for_good
rm "$SOURCE.gone"
tries "... and what has arrived is kept" pulls_whole "$SOURCE" "$(uri adapter)" "$WORK/e"

serve_rotten limit "$SOURCE" odd-unsaid-limit
tries "a server that refuses large requests without having said so" pulls_whole "$SOURCE" "$(uri limit)" "$WORK/f"
tap_done

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

# Bytes 16 MiB to 17 MiB are defective for ever.
# shellcheck disable=SC2016 # nbdkit's sh fragments expand these themselves
serve_nbdkit defect eval get_size="echo $SIZE" thread_model='echo parallel' \
    pread="if [ \$4 -lt $((17 * 1048576)) ] && [ \$((\$4 + \$3)) -gt $((16 * 1048576)) ]; then echo 'EIO the disk is defective' >&2; exit 1; fi; dd if=$SOURCE skip=\$4 count=\$3 iflag=count_bytes,skip_bytes status=none"
tries "a defect that stays ends the pull, with offset and length" pull_says 1 "cannot read 1048576 bytes at offset $((16 * 1048576)) .tried 5 times.*(Input/output|I/O) error" "$(uri defect)" "$WORK/c"
tries "... the disk does not boot" does_not_boot "$WORK/c" "$SIZE"
serve_nbdkit mended file "$SOURCE"
tries "... and once it is mended the rest is fetched" pulls_whole "$SOURCE" "$(uri mended)" "$WORK/c"
tap_done

#!/bin/bash
# With --hold-boot the disk is complete but for its boot code, whose place holds a marker; a second run copies nothing,
# and a run without the option puts the boot code in place.
set -euo pipefail
# shellcheck source=tests/pull/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
needs nbdkit perl

SOURCE=$WORK/source.img
TARGET=$WORK/target.img
SIZE=$((20 * 1048576))
make_source "$SOURCE" "$SIZE"
serve_nbdkit source file "$SOURCE"

tries "a pull with --hold-boot" pull_says 0 'boot code is held back' --hold-boot "$(uri source)" "$TARGET"
tries "what is behind the boot code is the source's" cmp -i 440 "$SOURCE" "$TARGET"
tries "the boot code hands on to the firmware's next disk (INT 18h)" test "$(head -c 4 "$TARGET" | od -An -tx1)" = " cd 18 eb fe"
tries "... and none of the source's is there" sh -c "! cmp -s -n 440 '$SOURCE' '$TARGET'"
pull --hold-boot --json "$(uri source)" "$TARGET" >/dev/null
tries "a second run copies nothing again" test "$(json_number "$WORK/pull.out" received_bytes)" -le $((6 * 1048576))
tries "... and leaves it held" test "$(head -c 4 "$TARGET" | od -An -tx1)" = " cd 18 eb fe"

cp "$SOURCE" "$WORK/other.img"
printf changed | dd of="$WORK/other.img" bs=1 seek=1049600 conv=notrunc status=none
serve_nbdkit other file "$WORK/other.img"
tries "another source is refused" pull_says 1 'holds a copy of another source' --hold-boot "$(uri other)" "$TARGET"
# What a fix-up changes behind the boot code does not matter.
printf fixed | dd of="$TARGET" bs=1 seek=5000000 conv=notrunc status=none
cp "$SOURCE" "$WORK/expected"
printf fixed | dd of="$WORK/expected" bs=1 seek=5000000 conv=notrunc status=none
tries "a run without --hold-boot lets it go" pull_says 0 'received' "$(uri source)" "$TARGET"
tries "... and changes nothing else" cmp "$WORK/expected" "$TARGET"
tries "then it is an ordinary disk, which a new pull fills anew" pulls_whole "$SOURCE" "$(uri source)" "$TARGET"

head -c "$SIZE" /dev/zero | tr '\0' D >"$WORK/data.img"
serve_nbdkit data file "$WORK/data.img"
tries "where the marker would hide something there is none" pulls_whole "$WORK/data.img" --hold-boot "$(uri data)" "$WORK/data"

# The second disk of a server: a file system, or LVM, without a partition table.
{ head -c 1024 /dev/zero; tail -c +1025 "$WORK/data.img"; } >"$WORK/bare.img"
serve_nbdkit bare file "$WORK/bare.img"
both() { "$REHOST" pull --all --json "$@" "$(uri source)" "$WORK/first" "$(uri bare)" "$WORK/second" >"$WORK/both.out" 2>&1; }
were_here() { grep '"event":"done"' "$WORK/both.out" | sed 's/.*"resumed_bytes":\([0-9]*\).*/\1/' | paste -sd' '; }
must "a server with a second disk without a boot sector" both --hold-boot
tries "that one is marked, too" test "$(head -c 4 "$WORK/second" | od -An -tx1)" = " cd 18 eb fe"
tries "... and nothing of it is hidden" cmp -i 440 "$WORK/bare.img" "$WORK/second"
must "a second run" both --hold-boot
tries "... copies nothing of either again" test "$(were_here)" = "$SIZE $SIZE"
printf fixed | dd of="$WORK/first" bs=1 seek=5000000 conv=notrunc status=none
rm "$WORK/second"
must "with another second disk" both --hold-boot
tries "... the first is copied anew as well, as both were changed together" test "$(were_here)" = "0 0"
tries "... and is what the source is" cmp -i 440 "$SOURCE" "$WORK/first"
must "without --hold-boot" both
tries "... both are the source's" sh -c "cmp '$SOURCE' '$WORK/first' && cmp '$WORK/bare.img' '$WORK/second'"
tap_done

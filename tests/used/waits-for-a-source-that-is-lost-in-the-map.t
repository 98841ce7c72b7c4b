#!/bin/bash
# The source is lost while it is found out what is in use: it is waited for as long as in the copy, and the map is taken anew. It is a server of
# somebody else's, which nobody here can start again.
set -euo pipefail
# shellcheck source=tests/used/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
needs_devices mke2fs debugfs partclone.extfs qemu-nbd

SOURCE=$WORK/source TARGET=$WORK/target
STALLS_AT=4000 # bytes: more than it takes to hear a source, and less than the first block of its map
head -c 20000000 /dev/urandom >"$WORK/file"

make_source() {
    stale_disk "$SOURCE" 120
    echo 'start=8MiB, size=110MiB' | sfdisk -q "$SOURCE"
    on_loop "$SOURCE" 1 mke2fs -q -F -t ext4 -E nodiscard
    on_loop "$SOURCE" 1 debugfs -w -R "write $WORK/file file"
}

# stalls_in_the_map [OPTION]…: a pull in the background, which has heard its source, and waits for more of it over its next connection.
# shellcheck disable=SC2120 # `must` hands on what there is
stalls_in_the_map() {
    rm -f "$TARGET" "$WORK/source.count"
    link source behind "stop=$STALLS_AT"
    "$REHOST" pull --json "$@" "$(uri source)" "$TARGET" >"$WORK/pull.json" 2>"$WORK/pull.err" &
    PULL=$!
    wait_until has_connected_again
}
has_connected_again() { [ -s "$WORK/source.count" ] && [ "$(cut -d ' ' -f 2 "$WORK/source.count")" -ge 2 ]; }

ended() {
    local status=0
    wait "$PULL" || status=$?
    cat "$WORK/pull.err" "$WORK/pull.json"
    [ "$status" -eq "$1" ]
}

# shellcheck disable=SC2119
stalls_in_an_instant() { stalls_in_the_map && kill -USR1 "$LINK" && link_goes_on; }
no_warning() { ! grep 'everything is copied' "$WORK/pull.err"; }
is_whole() { on_loop "$TARGET" 1 e2fsck -fn && on_loop "$TARGET" 1 debugfs -R "dump file $WORK/back" && cmp "$WORK/file" "$WORK/back"; }
leaves_free_space_out() { map_says 'done["free_bytes"] > 60 << 20 and done["received_bytes"] < m["travels_bytes"] + (8 << 20)' && no_warning; }

must "a source is made" make_source
serve_qemu behind -f raw -e 16 "$SOURCE"

must "a map is begun" stalls_in_the_map
stop "$LINK"
tries "the source is gone, which is said" wait_until grep -q 'has been gone for .* trying again' "$WORK/pull.err"
serve_qemu source -f raw -e 16 "$SOURCE"
tries "it comes back, and the pull ends well" ended 0
tries "... by a map that was taken anew" leaves_free_space_out
tries "... and the copy is whole" is_whole
stop "$SERVER"

must "a map is begun, and the link is cut for an instant" stalls_in_an_instant
tries "the pull ends well" ended 0
tries "... by a map that was taken anew" leaves_free_space_out
tries "... and the copy is whole" is_whole
stop "$LINK"

must "a map is begun with little patience" stalls_in_the_map --patience 1
stop "$LINK"
tries "the source does not come back, which is an error" ended 1
tries "... of the source, not of its map" no_warning
tries "... and nothing was written" test ! -e "$TARGET"
tap_done

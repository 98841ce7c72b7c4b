#!/bin/bash
# What a copy by the map has left out must never pass for copied: with --all, or when other blocks are in use by now, it does not go on.
set -euo pipefail
# shellcheck source=tests/used/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
needs_devices mke2fs debugfs partclone.extfs qemu-nbd

SOURCE=$WORK/source TARGET=$WORK/target
head -c 30000000 /dev/urandom >"$WORK/file"

make_source() {
    stale_disk "$SOURCE" 200
    echo 'start=8MiB, size=190MiB' | sfdisk -q "$SOURCE"
    on_loop "$SOURCE" 1 mke2fs -q -F -t ext4 -E nodiscard
    on_loop "$SOURCE" 1 debugfs -w -R "write $WORK/file first"
}

# A second file far behind what identifies the disk, which is its first 4 MiB and its last MiB.
write_another() { on_loop "$SOURCE" 1 debugfs -w -R "write $WORK/file second"; }

# cut_off [OPTION]…: a pull of which a part has arrived.
cut_off() {
    local pid
    rm -f "$TARGET"
    link cut source stop=$((24 << 20))
    "$REHOST" pull "$@" "$(uri cut)" "$TARGET" >"$WORK/cut.out" 2>&1 &
    pid=$!
    wait_until has_journaled "$TARGET" $((8 << 20)) || { cat "$WORK/cut.out"; return 1; }
    kill -9 "$pid"
    wait "$pid" 2>/dev/null || true
    stop "$LINK"
}

refuses() {
    local pattern=$1 status=0
    shift
    "$REHOST" pull "$@" "$TARGET" >"$WORK/said" 2>&1 || status=$?
    cat "$WORK/said"
    [ "$status" -eq 1 ] && grep -Eq -- "$pattern" "$WORK/said"
}

is_whole() { on_loop "$TARGET" 1 e2fsck -fn && on_loop "$TARGET" 1 debugfs -R "dump first $WORK/back" && cmp "$WORK/file" "$WORK/back"; }

must "a source is made" make_source
serve_qemu source -f raw -e 16 "$SOURCE"
must "a copy by the map is cut off" cut_off
tries "it does not go on as a copy of everything" refuses 'leaves free space out' --all "$(uri source)"
tries "it goes on by its map" used_pull "$(uri source)" "$TARGET"
tries "... from where it was" map_says 'done["resumed_bytes"] > 0 and done["free_bytes"] > 0'
tries "... and is whole" is_whole

must "a copy of everything is cut off" cut_off --all
tries "it goes on by a map" used_pull "$(uri source)" "$TARGET"
tries "... from where it was" map_says 'done["resumed_bytes"] > 0'
tries "... and is whole" is_whole

tries "a copy whose boot code is held goes in place" used_pull --restart --hold-boot "$(uri source)" "$TARGET"
tries "... but not as a copy of everything" refuses 'leaves free space out' --all "$(uri source)"

must "a copy by the map is cut off again" cut_off
must "the source is written to where nothing identifies it" write_another
tries "the copy does not go on" refuses 'other blocks of the source were in use' "$(uri source)"
tries "it starts over with --restart" used_pull --restart "$(uri source)" "$TARGET"
tries "... and is whole" is_whole
tap_done

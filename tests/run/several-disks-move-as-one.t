#!/bin/bash
# A real Debian 12 server with /home on a second disk: the plan misses it, the dialogue asks for it; cut off in the middle, all goes on to the end.
# shellcheck source=tests/run/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

real_server
command -v debugfs >/dev/null || skip_all "debugfs is not installed"
START=1048576 # of the first partition, in both images

# home_disk FILE: a disk with a table and a file system of 40 MiB that is no zeroes.
home_disk() {
    mkdir -p "$WORK/home/admin"
    head -c 40000000 /dev/urandom >"$WORK/home/admin/data"
    blank_image "$1" 64M
    echo 'start=2048, type=83' | sfdisk -q "$1"
    mke2fs -q -F -t ext4 -L home -d "$WORK/home" -E offset=$START "$1" 63M
}

# edit_fstab IMAGE LINE: in its first partition, as an administrator would have.
edit_fstab() {
    debugfs -R 'cat /etc/fstab' "$1?offset=$START" 2>/dev/null >"$WORK/fstab"
    echo "$2" >>"$WORK/fstab"
    printf '%s\n' 'rm /etc/fstab' "write $WORK/fstab /etc/fstab" 'set_inode_field /etc/fstab mode 0100644' | debugfs -w -f - "$1?offset=$START" >/dev/null 2>&1
}

moved_fstab() { debugfs -R 'cat /etc/fstab' "$WORK/system?offset=$START" 2>/dev/null; }
mounts_home_by_uuid() { moved_fstab | grep -q "^UUID=$(blkid -p -o value -s UUID -O $START "$WORK/home.img")[[:space:]]*/home ext4"; }
home_is_whole() {
    e2fsck -fn "$WORK/data?offset=$START" &&
        debugfs -R 'cat /admin/data' "$WORK/data?offset=$START" 2>/dev/null | cmp - "$WORK/home/admin/data"
}
both() { "$@" "$WORK/system" && "$@" "$WORK/data"; }

cp --sparse=always "$IMAGE" "$WORK/source"
edit_fstab "$WORK/source" "/dev/sdb1 /home ext4 defaults 0 2"
home_disk "$WORK/home.img"
source_start "$WORK/source"
SYSTEM=$SOURCE
source_start "$WORK/home.img"
HOME_DISK=$SOURCE
old_disk "$WORK/system" 3200M
old_disk "$WORK/data" 80M
before="$(digest "$WORK/system") $(digest "$WORK/data")"
move=(--job "$JOB" --hardware "$HARDWARE" --status "$DOCUMENT")

job "source=$SYSTEM" "disk=$WORK/system" "disk2=$WORK/data"
tries "a second disk without a source is a mistake in the job" runs 2 -- "${move[@]}"
tries "... that is named" shows 'disk2 is given, and source2 is not'

job "source=$SYSTEM" "disk=$WORK/system"
tries "the plan misses /home, and a disk that holds it is asked for" runs 1 \
    --expect '/dev/sdb1 for /home in /etc/fstab is not on this disk' \
    --expect 'Another disk of this server .*: ' --answer "$SYSTEM" --expect 'is named as the source of two disks' \
    --expect 'Another disk of this server .*: ' --answer "$HOME_DISK" \
    --expect "Disk for $HOME_DISK .*: " --answer "$WORK/system" --expect 'cannot be the target: .* goes there' \
    --expect "Disk for $HOME_DISK .*: " --answer "$WORK/data" \
    --expect "Type yes to overwrite $WORK/system and $WORK/data: " --answer no -- "${move[@]}"
tries "with both the plan misses nothing" test "$(grep -c 'in /etc/fstab is not on this disk' "$SHOWN")" -eq 1
tries "both are bit for bit as before" test "$(digest "$WORK/system") $(digest "$WORK/data")" = "$before"
rm -f "$DOCUMENT"

must "the first disk alone is copied, and held back" "$REHOST" pull --hold-boot "$SYSTEM" "$WORK/system"
job "source=$SYSTEM" "disk=$WORK/system" "source2=$HOME_DISK" "disk2=$WORK/data"
tries "when another joins it, both are to be of one moment, which is said" runs 1 \
    --expect 'It is of no use any more' --expect "Type yes to overwrite $WORK/system and $WORK/data: " --answer no -- "${move[@]}"

# It ends at once, as when the power goes away, when the journals know of what has come. Of the second, 22 MiB are zeroes and free space.
KEPT=$((25 << 20))
cut_off() {
    "$REHOST" run "${move[@]}" >"$SHOWN" 2>&1 </dev/null &
    local pid=$!
    some_has_come 100 0 && some_has_come 24 1 && wait_until has_journaled "$WORK/system" "$KEPT" && wait_until has_journaled "$WORK/data" "$KEPT" ||
        { kill -KILL "$pid"; cat "$SHOWN"; return 1; }
    kill -KILL "$pid"
    wait "$pid" || true
}

source_that_stops "$WORK/source" 250
FIRST_HALF=$SOURCE
source_that_stops "$WORK/home.img" 34
job "source=$FIRST_HALF" "disk=$WORK/system" "source2=$SOURCE" "disk2=$WORK/data" confirm=yes verify=yes
must "all are cut off in the middle of the pull" cut_off
tries "neither of the half-done disks boots" both has_no_signature
# From other servers: it is the content that tells the source.
job "source=$SYSTEM" "disk=$WORK/system" "source2=$HOME_DISK" "disk2=$WORK/data" confirm=yes verify=yes
tries "the same job goes on to its end" runs 0 -- "${move[@]}"
tries "what had come of each was not sent again" test "$(field "[d['progress']['resumed_bytes'] >= $KEPT for d in s['disks']]")" = "[True, True]"
tries "each disk and all of them had their bar" shows 'all +\[#+\] 100 %'
tries "the status document adds up" \
    test "$(field 's["outcome"], s["progress"]["total_bytes"] == sum(d["target"] and d["progress"]["total_bytes"] for d in s["disks"])')" = "('done', True)"
tries "both were read back and compared" test "$(field '[len(d["sha256"]) for d in s["disks"]]')" = "[64, 64]"
tries "what is on the second disk is whole" home_is_whole
tries "the moved system mounts its /home by UUID" mounts_home_by_uuid
tries "the proof found it on the second disk" test "$(field '[l["state"] for l in s["proof"]["links"] if l["name"] == "fstab"]')" = "['holds']"
tries "both have their boot signature" both has_signature
tap_done

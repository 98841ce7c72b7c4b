#!/bin/bash
# Loop devices, mounts, helpers and directories go when the program ends, however it ends.
set -euo pipefail
# shellcheck source=tests/guests/lib/disk.sh
. "$(dirname "$0")/lib/disk.sh"
needs losetup

export TMPDIR=$WORK/tmp
mkdir "$TMPDIR"
tree "$WORK/tree"
disk "$WORK/disk" "$WORK/tree"

attached() { losetup --associated "$WORK/disk" --noheadings; }

# A loop detaches a moment after its last user is gone.
is_attached() { attached | grep .; }
is_detached() { ! is_attached; }
nothing_is_attached() { wait_until is_detached; }

nothing_is_mounted() { ! grep "$TMPDIR" /proc/self/mountinfo; }

after_a_usual_end() {
    "$REHOST" inspect "$WORK/disk" >/dev/null
    nothing_is_attached && nothing_is_mounted
    is "$(ls "$TMPDIR")" ""
}

# The output goes into a pipe that nobody reads, so the program stands still with everything mounted: where only it sees that.
shows_nothing_and_leaves_nothing_when_it_is_killed() {
    mkfifo "$WORK/pipe"
    printf 'PRETTY_NAME="%s"\n' "$(head -c 60000 /dev/zero | tr '\0' x)" >"$WORK/tree/etc/os-release"
    for i in $(seq 900); do echo "UUID=$i /mnt/a-rather-long-name-of-a-mount-point-to-fill-the-pipe-$i ext4 defaults 0 0"; done >"$WORK/tree/etc/fstab"
    disk "$WORK/disk" "$WORK/tree"
    exec 7<>"$WORK/pipe"
    "$REHOST" inspect "$WORK/disk" >&7 &
    local pid=$!
    wait_until grep "$TMPDIR.* ext4 " "/proc/$pid/mountinfo"
    is_attached && nothing_is_mounted
    kill -9 "$pid"
    wait "$pid" || true
    exec 7<&-
    nothing_is_attached && nothing_is_mounted
}

nbdfuse_runs() { pgrep -f "nbdfuse .*$WORK/socket"; }
nbdfuse_is_gone() { ! nbdfuse_runs; }

# nbdfuse shares our mounts; if it lived on, so would they.
after_a_kill_with_a_source_over_the_network() {
    local pid uri="nbd+unix:///?socket=$WORK/socket"
    nbdkit --foreground --readonly --unix "$WORK/socket" --filter=delay file "$WORK/disk" delay-read=500ms &
    pid=$!
    wait_until socket_listens "$WORK/socket"
    "$REHOST" inspect "$uri" >/dev/null &
    local inspect=$!
    wait_until nbdfuse_runs
    kill -9 "$inspect"
    wait "$inspect" || true
    wait_until nbdfuse_is_gone
    kill "$pid"
    is "$(losetup --list --noheadings --output BACK-FILE | grep "^$TMPDIR")" ""
}

claim "after a usual end" after_a_usual_end
claim "after a kill, and nothing is mounted for others to see until then" shows_nothing_and_leaves_nothing_when_it_is_killed
if command -v nbdkit nbdfuse >/dev/null; then
    claim "after a kill while it reads over the network" after_a_kill_with_a_source_over_the_network
else
    echo "ok $((++TAP_COUNT)) # SKIP there is no nbdkit, or no nbdfuse"
fi
tap_done

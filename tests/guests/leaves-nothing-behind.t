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
nothing_is_attached() {
    for _ in $(seq 50); do
        [ -n "$(attached)" ] || return 0
        sleep 0.1
    done
    attached
    return 1
}

nothing_is_mounted() { ! grep "$TMPDIR" /proc/self/mountinfo; }

after_a_usual_end() {
    "$REHOST" inspect "$WORK/disk" >/dev/null
    nothing_is_attached && nothing_is_mounted
    is "$(ls "$TMPDIR")" ""
}

# The output goes into a pipe that nobody reads, so the program stands still with everything mounted.
after_a_kill() {
    mkfifo "$WORK/pipe"
    printf 'PRETTY_NAME="%s"\n' "$(head -c 60000 /dev/zero | tr '\0' x)" >"$WORK/tree/etc/os-release"
    for i in $(seq 900); do echo "UUID=$i /mnt/a-rather-long-name-of-a-mount-point-to-fill-the-pipe-$i ext4 defaults 0 0"; done >"$WORK/tree/etc/fstab"
    disk "$WORK/disk" "$WORK/tree"
    exec 7<>"$WORK/pipe"
    "$REHOST" inspect "$WORK/disk" >&7 &
    local pid=$!
    for _ in $(seq 100); do
        [ -z "$(attached)" ] || break
        sleep 0.1
    done
    sleep 1
    attached
    kill -9 "$pid"
    wait "$pid" || true
    exec 7<&-
    nothing_is_attached && nothing_is_mounted
}

nothing_shows_outside_meanwhile() {
    # inspect prints after everything is mounted; the reader of its output looks around from outside
    "$REHOST" inspect "$WORK/disk" | { nothing_is_mounted; cat >/dev/null; }
}

claim "after a usual end" after_a_usual_end
claim "nothing is mounted for others to see while it runs" nothing_shows_outside_meanwhile
claim "after a kill" after_a_kill
tap_done

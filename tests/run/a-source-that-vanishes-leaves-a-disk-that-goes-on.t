#!/bin/bash
# The source goes away while the system on it is read, and is waited for; it goes away in the middle of the pull and does not come back: a clear end,
# and a target that does not boot.
# shellcheck source=tests/run/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

real_server
blank_image "$WORK/target" 3072M

# vanishes_for_a_moment: after the first MiB of what the map and the plan are made of; nobody answers where it was until that was noticed.
vanishes_for_a_moment() {
    source_that_stops "$IMAGE" 1
    job "source=$SOURCE" "disk=$WORK/target"
    "$REHOST" run --job "$JOB" --hardware "$HARDWARE" >"$SHOWN" 2>&1 </dev/null &
    local pid=$! status=0
    wait_until link_has_stopped && kill -KILL "$SOURCE_PID" && wait_until shows 'has been gone for .* trying again' >/dev/null || return 1
    source_start_at "$PORT" "$IMAGE"
    wait "$pid" || status=$?
    cat "$SHOWN"
    [ "$status" -eq 1 ]
}
link_has_stopped() { [ -s "$WORK/link.count" ] && [ "$(cut -d ' ' -f 1 "$WORK/link.count")" -ge $((800 << 10)) ]; }

tries "a source that is lost while the system on it is read is waited for" vanishes_for_a_moment
tries "... what is in use of it is known then" shows 'partition 1 +ext4 +[0-9.]+ [MG]iB of'
tries "... and what is to be changed; only nobody has confirmed it" shows '^!!! FAILED at confirm: '

source_that_stops "$IMAGE" 250
job "source=$SOURCE" "disk=$WORK/target" "confirm=yes" "patience=3"

vanishes() {
    (some_has_come 120 && kill -KILL "$SOURCE_PID") &
    runs 1 -- --job "$JOB" --hardware "$HARDWARE" --status "$DOCUMENT"
}

tries "it ends with status 1 when its patience does" vanishes
tries "it fails at the pull" shows '^!!! FAILED at pull: '
tries "it names the source" shows "FAILED at pull: .*$SOURCE"
tries "it says that the source is untouched" shows 'The source is untouched\.'
tries "it says what the target holds, and that it goes on from there" shows "$WORK/target holds a half-done copy of .*It does not boot.*goes on from there"
tries "the target does not boot" has_no_signature "$WORK/target"
tries "the status document has the reason" test "$(field 's["outcome"], s["stage"], bool(s["error"]["message"])')" = "('failed', 'pull', True)"
tap_done

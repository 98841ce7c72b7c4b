#!/bin/bash
# The source goes away in the middle of the pull and does not come back: a clear end, and a target that does not boot.
# shellcheck source=tests/run/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

real_server
blank_image "$WORK/target" 3072M
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

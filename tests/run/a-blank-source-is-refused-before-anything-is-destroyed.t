#!/bin/bash
# A disk without a system: the plan, made over the network, says so; the target is the same bit for bit.
# shellcheck source=tests/run/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

blank_image "$WORK/source" 16M
old_disk "$WORK/target" 32M
before=$(digest "$WORK/target")
source_start "$WORK/source"
job "source=$SOURCE" "disk=$WORK/target" "confirm=yes" "after=reboot"

unchanged() { [ "$(digest "$WORK/target")" = "$before" ]; }

tries "it ends with status 3" runs 3 -- --job "$JOB" --status "$WORK/status.json"
tries "it fails at the plan" shows '^!!! FAILED at plan: '
tries "it says that no system is there" shows '(no|without a) .*system'
tries "it says that the source is untouched" shows 'The source is untouched\.'
tries "it says that no disk was changed" shows 'No disk of this machine was changed\.'
tries "the target is bit for bit as before" unchanged
tries "the status document says blocked, at the plan" python3 - "$WORK/status.json" <<'EOF'
import json, sys
state = json.load(open(sys.argv[1]))
assert state["version"] == 1, state
assert (state["outcome"], state["stage"]) == ("blocked", "plan"), state
assert [s["name"] for s in state["stages"]] == ["hardware", "network", "source", "target", "plan"], state
assert state["target"]["content"].startswith("ext4 \"precious\""), state
assert state["error"]["message"] and state["question"] is None, state
EOF
tap_done

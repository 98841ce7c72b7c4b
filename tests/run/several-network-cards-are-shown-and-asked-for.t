#!/bin/bash
# A machine with two cards for a server with one network: the guess is shown, and can be changed before anything is destroyed.
# shellcheck source=tests/run/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

real_server
blank_image "$WORK/target" 3072M
source_start "$IMAGE"
first=$(python3 - "$HARDWARE" "$WORK/hardware.json" <<'EOF'
import copy, json, sys
hardware = json.load(open(sys.argv[1]))
second = copy.deepcopy(hardware["nics"][0])
second.update(name="eth1", mac="52:54:00:cc:00:02")
hardware["nics"].append(second)
json.dump(hardware, open(sys.argv[2], "w"))
print(hardware["nics"][0]["mac"])
EOF
)
job "source=$SOURCE" "disk=$WORK/target"
move=(--job "$JOB" --hardware "$WORK/hardware.json")
question='Network cards \(.*: '

tries "the cards are shown and asked for; another is chosen" runs 1 \
    --expect "lan0 .* -> $first" --expect "$question" --answer 'rubbish' --expect 'is not of the form OLD=MAC' \
    --expect "$question" --answer 'lan0=52:54:00:cc:00:02' --expect 'lan0 .* -> 52:54:00:cc:00:02' \
    --expect 'Type yes to overwrite .*: ' --answer no -- "${move[@]}"
tries "Enter takes what was shown" runs 1 \
    --expect "$question" --answer '' --expect "lan0 .* -> $first" --expect 'Type yes .*: ' --answer no -- "${move[@]}"
job "source=$SOURCE" "disk=$WORK/target" "map=lan0=52:54:00:cc:00:02"
tries "a mapping in the job leaves no question" runs 1 --expect 'lan0 .* -> 52:54:00:cc:00:02' --expect 'Type yes .*: ' --answer no -- "${move[@]}"
tries "it was not asked" shows_not 'Network cards \('
tap_done

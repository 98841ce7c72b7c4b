#!/bin/bash
# The power goes away while the guest's initrd is being made: the next run takes the half of a plan back, and makes the whole.
# shellcheck source=tests/run/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

real_server
blank_image "$WORK/target" 3072M
source_start "$IMAGE"
job "source=$SOURCE" "disk=$WORK/target" "confirm=yes"
move=(--job "$JOB" --hardware "$HARDWARE")

cut_off() {
    : >"$SHOWN"
    "$REHOST" run "${move[@]}" >"$SHOWN" 2>&1 </dev/null &
    local pid=$! begun=0
    wait_until grep -q 'run update-initramfs.*minutes' "$SHOWN" || begun=1
    kill -KILL "$pid"
    wait "$pid" || true
    cat "$SHOWN"
    return "$begun"
}

# The guest's programs die with us, which takes the kernel a moment.
no_loop_is_left() { ! losetup -n -l -O BACK-FILE | grep -F "$WORK/target"; }

must "it is cut off while the initrd is made" cut_off
tries "no loop device stays behind" wait_until no_loop_is_left
tries "the boot code is held back" other_boot_code "$IMAGE" "$WORK/target"
tries "the next run goes to the end" runs 0 -- "${move[@]}"
tries "nothing had to be copied" shows 'nothing had to be copied'
tries "what the first had changed was taken back" shows 'what it changed was taken back first'
tries "the chain was proved" shows 'Every link holds'
tries "the boot code is in place" same_boot_code "$IMAGE" "$WORK/target"
tap_done

#!/bin/bash
# The machine is switched off while the initrd is made: the next fix puts back what the first had changed, and then does the whole.
set -euo pipefail
# shellcheck source=tests/fix/lib/fix.sh
. "$(dirname "$0")/lib/fix.sh"
needs_guest debian12

# killed_at TEXT: kill -9 once the fix says that.
killed_at() {
    local pid
    "$REHOST" fix --hardware "$MACHINE" "$WORK/disk" >"$WORK/said" 2>&1 &
    pid=$!
    wait_until grep -qF -- "$1" "$WORK/said" || { cat "$WORK/said"; return 1; }
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null || true
    wait_detached
}

remember before
must "a fix is killed while the guest makes its initrd" killed_at "] run update-initramfs"
tries "the next fix says that it takes the first one back" ends_with 0 "An earlier fix was cut off" fix
tries "the initrd holds virtio_blk" holds_virtio
tries "the fix is taken back" ends_with 0 "taken back" fix --undo
remember undone
# What mkinitramfs had unpacked when it was killed lies in /var/tmp, where the guest's systemd-tmpfiles removes it.
sed -i '/\.\/var\/tmp\//d' "$WORK/before" "$WORK/undone"
tries "every file is as it was before the first fix" same before undone
tap_done

#!/bin/bash
# No room for the old files, or none for the new initrd: a clear message, and the guest as it was.
set -euo pipefail
# shellcheck source=tests/fix/lib/fix.sh
. "$(dirname "$0")/lib/fix.sh"
needs_guest debian12

# Without writing gigabytes of zeroes: space that is taken is as good as space that is written.
fill() {
    fallocate -l "$(($(stat -f -c '%f * %S' "$MOUNT") - 67108864))" "$MOUNT/root/fill"
    dd if=/dev/zero of="$MOUNT/root/last" bs=4k status=none 2>/dev/null || true
}
make_room() { truncate -s "-$1" "$MOUNT/root/last"; }

mounted rw fill
remember full
tries "a full file system is named" ends_with 1 "No space left on device" fix
tries "and what to do" grep -qF "Free some space on the source" "$WORK/said"
remember still-full
tries "nothing was changed" same full still-full

mounted rw make_room 32M
remember tight
tries "so is one that has no room for the initrd" ends_with 1 "run update-initramfs" fix
tries "and what to do then" grep -qF "Free some space on the source" "$WORK/said"
remember still-tight
tries "everything was put back" same tight still-tight
tap_done

#!/bin/bash
# A guest that an attacker has prepared is fixed by its own programs: what these try against this machine fails, and what lies in its files is
# not believed. (What memory and processes they may take, tests/vm shows.)
set -euo pipefail
# shellcheck source=tests/fix/lib/fix.sh
. "$(dirname "$0")/lib/fix.sh"
needs_guest debian12

said_nothing_raw() { ! grep -q $'[\e\a]' "$WORK/said" && grep -qF '[31;7mowned' "$WORK/said"; }
got_nowhere() {
    cat "$MOUNT/root/attack.log"
    grep -q '^held: ' "$MOUNT/root/attack.log" && grep -q '^finished$' "$MOUNT/root/attack.log" && ! grep ESCAPED "$MOUNT/root/attack.log"
}
make_huge() { mv "$MOUNT/etc/fstab" "$MOUNT/etc/fstab.own" && truncate -s 1T "$MOUNT/etc/fstab"; }
set_trap() { echo stop >"$MOUNT/etc/trap"; }

must "an attacker prepares the guest" mounted rw "$TOP/tests/vm/guests/hostile/prepare" "$MOUNT"
must "it is fixed all the same, and planned anew nothing is left" ends_with 0 "nothing is left to be changed" fix
tries "its words command no terminal" said_nothing_raw
tries "its programs got nowhere" mounted ro,noload got_nowhere
tries "nothing of it was run outside of it" [ ! -e /ran-by-a-reader ]
tries "its chain is proved" ends_with 0 "No link is broken" "$REHOST" prove --hardware "$MACHINE" "$WORK/disk"
must "the fix is taken back" ends_with 0 "taken back" fix --undo
must "its programs are made to fail" mounted rw set_trap
tries "then the fix ends with what they said" ends_with 1 "said at the end" fix
tries "... which commands no terminal" said_nothing_raw
must "its fstab is made a terabyte" mounted rw make_huge
tries "that is a blocker, and nobody reads it" ends_with 3 "/etc/fstab has 1099511627776 bytes, which no such file has" fix
tap_done

#!/bin/bash
# One of the connections falls silent and stays open, as behind a firewall that forgot it: the others do its part, and the end is not held up by it.
set -euo pipefail
# shellcheck source=tests/pull/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
needs qemu-nbd python3

SIZE=$((64 * 1048576))
head -c "$SIZE" /dev/urandom >"$WORK/source.img"
serve_qemu behind -f raw -e 8 "$WORK/source.img"
link source behind silent=$((12 * 1048576)) # of four that carry sixteen each

tries "the copy is whole" pulls_whole "$WORK/source.img" --json "$(uri source)" "$WORK/target"
TOOK=$(json_number "$WORK/pull.out" seconds)
is_between() { awk "BEGIN { exit !($2 < $1 && $1 < $3) }" || { echo "$1 is not between $2 and $3"; return 1; }; }
tries "... after a silence ($TOOK s), but long before the three minutes that a source is given" is_between "$TOOK" 9 90
tries "... and little was sent twice" test "$(json_number "$WORK/pull.out" received_bytes)" -le $((SIZE + 20 * 1048576))
tap_done

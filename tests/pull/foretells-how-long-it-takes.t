#!/bin/bash
# The path is measured before the copy: what limits it is named, how long it takes is foretold, and nothing is changed unasked.
set -euo pipefail
# shellcheck source=tests/pull/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
needs nbdkit qemu-nbd

SECONDS_OF_ALL=5
head -c $((SECONDS_OF_ALL * 20000000)) /dev/urandom >"$WORK/source.img"
yes 'what was here' | head -c $((110 * 1048576)) >"$WORK/target" || true
cp "$WORK/target" "$WORK/before"

# 20 MB/s: of the link, and of a disk behind a server that keeps what it has read.
RATE=20000000
serve_slow link "$WORK/source.img" "$RATE" 8 steady

measured() { tail -n 1 "$WORK/$1.json" | grep -Eo "\"$2\":[^,}]*" | cut -d: -f2; }
is_within() { awk "BEGIN { exit !($1 >= $2 * $3 && $1 <= $2 * $4) }" || { echo "$1 is not near $2"; return 1; }; }
is_near() { is_within "$1" "$2" 0.6 1.5; }
is_limited_by() { [ "$(measured "$1" limit)" = "\"$2\"" ] || { cat "$WORK/$1.json"; return 1; }; }

# once_in_three COMMAND…: a machine that is busy with something else for a second has, in that second, another rate.
once_in_three() { "$@" || "$@" || "$@"; }
finds_the_link() {
    "$REHOST" pull --all --measure --json "$(uri link)" "$WORK/target" >"$WORK/link.json" 2>&1
    is_limited_by link network && is_near "$(measured link network_bytes_per_second)" "$RATE" && is_near "$(measured link forecast_seconds)" "$SECONDS_OF_ALL"
}
finds_the_disk() {
    serve_nbdkit disk --filter=cache nbd socket="$WORK/link.sock" cache-on-read=true
    "$REHOST" pull --all --measure --json "$(uri disk)" >"$WORK/disk.json" 2>&1
    stop "$SERVER"
    is_limited_by disk source && is_near "$(measured disk source_bytes_per_second)" "$RATE"
}
takes_as_long() {
    pull --all --json --restart "$(uri link)" "$WORK/target"
    is_near "$(json_number "$WORK/pull.out" seconds)" "$(measured link forecast_seconds)" &&
        is_near "$(json_number "$WORK/pull.out" seconds)" "$(json_number "$WORK/pull.out" forecast_seconds)"
}
tries "a slow link is what limits; its rate is found, and the time that the copy will take" once_in_three finds_the_link
tries "noise does not compress" is_within "$(measured link compressed_share)" 1 0.9 1.1
tries "a slow disk behind a server with a memory is what limits, and its rate is found" once_in_three finds_the_disk
tries "the target is not touched" cmp "$WORK/before" "$WORK/target"
tries "the copy takes as long as was foretold, and as its own first seconds foretold" once_in_three takes_as_long

{ head -c 30000000 /dev/urandom; yes 'the same again' | head -c 90000000; } >"$WORK/mixed.img" || true
serve_nbdkit mixed file "$WORK/mixed.img"
"$REHOST" pull --all --measure --json "$(uri mixed)" >"$WORK/mixed.json" 2>&1
tries "a quarter of noise and the rest of one word leaves a quarter" is_within "$(measured mixed compressed_share)" 0.25 0.75 1.3

serve_nbdkit quick file "$WORK/source.img"
tries "with leave to write, the target is written" pull_says 0 'target +writes [0-9]' --all --measure --write "$(uri quick)" "$WORK/before"
tries "... which the middle of it shows" bash -c "! cmp -s -n 100000 -i \$((55 * 1048576)) '$WORK/before' <(yes 'what was here')"
dd if=/dev/urandom of="$WORK/source.img" bs=1M count=1 conv=notrunc status=none
printf '\x55\xaa' | dd of="$WORK/source.img" bs=1 seek=510 conv=notrunc status=none
pull --all --restart --hold-boot "$(uri quick)" "$WORK/target" >/dev/null
tries "a copy that can be gone on with is not written to" pull_says 1 'which --write would damage' --all --measure --write "$(uri quick)" "$WORK/target"
tries "--write is for --measure alone" pull_says 2 'belongs to --measure' --write "$(uri quick)" "$WORK/target"
tap_done

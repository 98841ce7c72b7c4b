#!/bin/bash
# A run for a commit leaves tests of whole machines out: which, follows from the commit's time, is told, and in the end each is run.
set -euo pipefail
TOP=$(cd "$(dirname "$0")/../.." && pwd)
WORK=$(mktemp -d "${TMPDIR:-/tmp}/rehost-rotation.XXXXXX")
trap 'rm -rf "$WORK"' EXIT
# shellcheck source=tests/vm/lib/tap.sh
. "$TOP/tests/vm/lib/tap.sh"
# shellcheck source=tools/build/say.sh
. "$TOP/tools/build/say.sh"
# shellcheck source=tools/build/rotation.sh
. "$TOP/tools/build/rotation.sh"

# 26 tests: three run always; of the others five take 9 minutes and one 30.
ROTATION_MINUTES=44
for letter in {a..z}; do
    case $letter in
    c | k | z) echo '# always' ;;
    d | h | i | j | y) echo '# minutes: 9' ;;
    m) echo '# minutes: 30' ;;
    *) echo '# of four minutes' ;;
    esac >"$WORK/$letter.t"
done
FILES=("$WORK"/*.t)
PARTS=$(rotation_parts "${FILES[@]}" | awk 'END { print $2 }')

minutes_of() { local file sum=0; for file in "$@"; do sum=$((sum + $(rotation_minutes "$file"))); done; echo "$sum"; }
run_at() { rotation_chosen "$1" "${FILES[@]}"; }
taking_turns_at() { grep -Fxv -f <(printf '%s\n' "$WORK"/{c,k,z}.t) <(run_at "$1"); }

each_has_one_turn() {
    local number
    for ((number = 1700000000; number < 1700000000 + PARTS; number++)); do taking_turns_at "$number"; done | sort >"$WORK/turns"
    echo "$PARTS parts"
    [ "$PARTS" -ge 3 ] && diff "$WORK/turns" <(printf '%s\n' "$WORK"/[!ckz].t | sort)
}
no_turn_is_long() {
    local number minutes
    for ((number = 0; number < PARTS; number++)); do
        # shellcheck disable=SC2046 # one word each
        minutes=$(minutes_of $(taking_turns_at "$number"))
        echo "part $number takes $minutes minutes"
        [ "$minutes" -ge $((ROTATION_MINUTES / 3)) ] && [ "$minutes" -le $((ROTATION_MINUTES + 30)) ] || return 1
    done
}
always_run() { local number; for number in 0 1 2 3 1700000001; do [ "$(run_at "$number" | grep -c '/[ckz].t$')" -eq 3 ] || return 1; done; }
is_told() {
    rotation_told 7 "${FILES[@]}" 2>"$WORK/told"
    cat "$WORK/told"
    sed 's/.*Not now: //' "$WORK/told" | tr ' ' '\n' | grep . | cat - <(run_at 7) | sort | diff - <(printf '%s\n' "${FILES[@]}")
}
all_fit() {
    FILES=("$WORK"/[a-d].t)
    [ "$(run_at 5 | wc -l)" -eq 4 ] && rotation_told 5 "${FILES[@]}" 2>&1 | wc -l | grep -x 0
}

tries "each test has its turn, and one" each_has_one_turn
tries "... in parts of about the same length" no_turn_is_long
tries "those that are marked so are always run" always_run
tries "what is left out is told, and nothing else" is_told
tries "where all fit, all are run" all_fit
tap_done

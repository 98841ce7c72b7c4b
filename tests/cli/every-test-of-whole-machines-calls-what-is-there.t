#!/bin/bash
# Tests of whole machines take turns. One that calls a function of tests/vm/lib that has another name by now would fail many commits later, in its turn:
# so what they call is looked up for each commit.
set -euo pipefail
shopt -s inherit_errexit
TOP=$(cd "$(dirname "$0")/../.." && pwd)
WORK=$(mktemp -d "${TMPDIR:-/tmp}/rehost-calls.XXXXXX")
trap 'rm -rf "$WORK"' EXIT
# shellcheck source=tests/vm/lib/tap.sh
. "$TOP/tests/vm/lib/tap.sh"

# functions_for TEST: of the library that it names, and its own.
# shellcheck disable=SC2016 # that line is for a shell whose $0 is the test
functions_for() {
    bash -c "$(grep '^\. "$(dirname "$0")/' "$1")"'; compgen -A function' "$1"
    grep -oE '^[a-z_0-9]+\(\)' "$1" | tr -d '()' || true
}

# calls_of TEST: what stands behind must and tries, and what begins a line with a name that has two words, as functions have.
calls_of() {
    sed -nE -e 's/^ *(must|tries) "([^"\\]|\\.)*" ([a-z][a-z_0-9]*)( .*)?$/\3/p' -e 's/^([a-z]+_[a-z_0-9]+)( .*)?$/\1/p' "$1"
}

all_are_there() {
    local call missing=0
    functions_for "$1" >"$WORK/functions"
    calls_of "$1" | sort -u >"$WORK/calls"
    while read -r call; do
        if ! grep -qxF "$call" "$WORK/functions" && ! command -v "$call" >/dev/null; then echo "$1 calls $call, which is not there"; missing=1; fi
    done <"$WORK/calls"
    [ -s "$WORK/calls" ] && [ "$missing" -eq 0 ]
}
in_every_test() { local test failed=0; for test in "$TOP"/tests/vm/*.t; do all_are_there "$test" || failed=1; done; [ "$failed" -eq 0 ]; }
one_of_another_name_is_seen() {
    mkdir "$WORK/tests"
    cp -r "$TOP/tests/vm" "$TOP/tests/image" "$WORK/tests/"
    printf '%s\n' 'tries "a claim" of_another_name one' 'another_too' >>"$WORK/tests/vm/moves-debian-12-from-the-iso.t"
    if all_are_there "$WORK/tests/vm/moves-debian-12-from-the-iso.t" >"$WORK/said"; then return 1; fi
    cat "$WORK/said"
    grep -q 'calls of_another_name,' "$WORK/said" && grep -q 'calls another_too,' "$WORK/said"
}

tries "what every test calls is there" in_every_test
tries "a call by another name is seen" one_of_another_name_is_seen
tap_done

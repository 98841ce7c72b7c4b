# shellcheck shell=bash
# TAP for shell tests: every check is one line "ok"/"not ok", with what it printed as diagnostics when it failed.

TAP_COUNT=0
TAP_FAILED=0

# diag TEXT…: a comment line that prove shows with -v.
diag() { printf '%s\n' "$*" | sed 's/^/# /'; }

# complain TEXT…: a comment that prove always shows.
complain() { printf '%s\n' "$*" | sed 's/^/# /' >&2; }

# check CLAIM COMMAND…: runs the command in this shell; its output is shown only when it fails.
check() {
    local claim=$1 output status=0
    shift
    output=$(mktemp "$WORK/check.XXXXXX")
    "$@" >"$output" 2>&1 || status=$?
    TAP_COUNT=$((TAP_COUNT + 1))
    if [ "$status" -eq 0 ]; then
        echo "ok $TAP_COUNT - $claim"
    else
        TAP_FAILED=$((TAP_FAILED + 1))
        echo "not ok $TAP_COUNT - $claim"
        complain "$(printf 'failed (%s): %s\n' "$status" "$*"; tail -n 60 "$output")"
    fi
    rm -f "$output"
    return "$status"
}

# must CLAIM COMMAND…: a check without which the rest of the test says nothing; the test ends when it fails.
must() { check "$@" || { complain "The remaining checks need this one."; exit 1; }; }

# tries CLAIM COMMAND…: a check whose failure lets the test go on.
tries() { check "$@" || true; }

# skip_all WHY: a missing prerequisite, made visible.
skip_all() { echo "1..0 # SKIP $*"; exit 0; }

# tap_done: the plan comes last, so a test that ends too early has none and fails.
tap_done() {
    echo "1..$TAP_COUNT"
    [ "$TAP_FAILED" -eq 0 ]
}

# shellcheck shell=bash
# Whole machines take minutes each, and the run for a commit has an hour: of the files of tests/vm those with a line "# always" are run
# each time, and of the others a part, which the time of the commit chooses. Minutes are those of a line "# minutes: N", or the default.

ROTATION_MINUTES=${REHOST_ROTATION_MINUTES:-44} # of one part, at most about: two tests run side by side
ROTATION_DEFAULT=4                              # what a move takes, with a boot before it or two behind it

is_always_run() { grep -q '^# always$' "$1"; }

# rotation_minutes FILE
rotation_minutes() {
    local minutes
    minutes=$(sed -n 's/^# minutes: \([1-9][0-9]*\)$/\1/p' "$1" | head -n 1)
    echo "${minutes:-$ROTATION_DEFAULT}"
}

# rotation_parts FILE…: "PART PARTS FILE" for each of those that take turns: parts of about the same length, in the order of the names.
rotation_parts() {
    local file
    for file in "$@"; do
        is_always_run "$file" || echo "$(rotation_minutes "$file") $file"
    done | awk -v most="$ROTATION_MINUTES" '
        { minutes[NR] = $1; file[NR] = $2; all += $1 }
        END {
            parts = int((all + most - 1) / most)
            for (i = 1; i <= NR; i++) { print int(before * parts / all) + 1, parts, file[i]; before += minutes[i] }
        }'
}

# rotation_chosen NUMBER FILE…: those to run; any number will do.
rotation_chosen() {
    local number=$1 file
    shift
    for file in "$@"; do if is_always_run "$file"; then echo "$file"; fi; done
    rotation_parts "$@" | awk -v number="$number" '$1 == number % $2 + 1 { print $3 }'
}

# rotation_told NUMBER FILE…: what is run of them and what is not, for the log.
rotation_told() {
    local chosen left
    chosen=$(rotation_chosen "$@" | sort)
    left=$(printf '%s\n' "${@:2}" | sort | comm -13 <(echo "$chosen") -)
    [ -n "$left" ] || return 0
    note "Of $(($# - 1)) tests of whole machines this commit runs $(wc -l <<<"$chosen"); './build.sh test-all' runs all. Not now: $(tr '\n' ' ' <<<"$left")"
}

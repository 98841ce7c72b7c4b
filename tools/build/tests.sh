# shellcheck shell=bash
# All tests, in the build root.

# The unit tests are programs, built with the sanitizers.
unit_tests() {
    cmd make -j"$(nproc)" --no-print-directory BUILD=out/build check-programs >&2
    find out/build/check/unit -maxdepth 1 -type f -name '*_test' | sort
}

# every_test FILTER...: the quick ones first, whole machines last; of those in tests/vm what the filter leaves.
every_test() {
    local machines
    mapfile -t machines < <(find tests/vm -name '*.t' | sort)
    unit_tests
    find tests -name '*.t' -not -path 'tests/image/*' -not -path 'tests/vm/*' | sort
    find tests/image -name '*.t' | sort
    "$@" "${machines[@]}"
}

# commits_part FILE...: those of tests/vm whose turn it is.
commits_part() {
    rotation_told "$SOURCE_DATE_EPOCH" "$@" >&2
    rotation_chosen "$SOURCE_DATE_EPOCH" "$@"
}

# test_files [DIRECTORY-OR-FILE...]: prints them; without arguments all, but for whole machines whose turn it is not.
test_files() {
    local where
    [ $# -gt 0 ] || every_test commits_part
    for where in "$@"; do
        case ${where%/} in
        tests/unit) unit_tests ;;
        *.t | */unit/*_test) echo "$where" ;;
        *) find "$where" -name '*.t' | sort ;;
        esac
    done
}

tally() {
    local tests
    mapfile -t tests <<<"$1"
    cmd tools/build/tally "${tests[@]}"
}

tests_run() {
    local list
    list=$(test_files "$@")
    [ -n "$list" ] || die "there are no tests in: $*" "Name directories below tests/, or .t files."
    tally "$list"
}

tests_run_all() {
    local list
    list=$(every_test printf '%s\n')
    tally "$list"
}

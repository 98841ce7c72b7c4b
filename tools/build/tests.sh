# shellcheck shell=bash
# All tests, in the build root.

# The unit tests are programs, built with the sanitizers.
unit_tests() {
    cmd make -j"$(nproc)" --no-print-directory BUILD=out/build check-programs >&2
    find out/build/check/unit -maxdepth 1 -type f -name '*_test' | sort
}

# test_files [DIRECTORY-OR-FILE...]: prints them, cheapest first.
test_files() {
    local where
    [ $# -gt 0 ] || { unit_tests; set -- tests/pull tests/image tests/vm; }
    for where in "$@"; do
        case $where in
        tests/unit*) unit_tests ;;
        *.t) echo "$where" ;;
        *) [ ! -d "$where" ] || find "$where" -maxdepth 1 -name '*.t' | sort ;;
        esac
    done
}

tests_run() {
    local tests list
    list=$(test_files "$@")
    mapfile -t tests <<<"$list"
    [ -n "$list" ] || die "there are no tests in: $*" "Name directories below tests/, or .t files."
    cmd tools/build/tally "${tests[@]}"
}

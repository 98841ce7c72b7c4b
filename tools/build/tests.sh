# shellcheck shell=bash
# All tests, in the build root.

# The unit tests are programs, built with the sanitizers.
unit_tests() {
    cmd make -j"$(nproc)" --no-print-directory BUILD=out/build check-programs >&2
    find out/build/check/unit -maxdepth 1 -type f -name '*_test' | sort
}

# every_test: the quick ones first, whole machines last.
every_test() {
    unit_tests
    find tests -name '*.t' -not -path 'tests/image/*' -not -path 'tests/vm/*' | sort
    find tests/image tests/vm -name '*.t' | sort
}

# test_files [DIRECTORY-OR-FILE...]: prints them; without arguments all.
test_files() {
    local where
    [ $# -gt 0 ] || every_test
    for where in "$@"; do
        case ${where%/} in
        tests/unit) unit_tests ;;
        *.t | */unit/*_test) echo "$where" ;;
        *) find "$where" -name '*.t' | sort ;;
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

#!/bin/bash
# Builds rehost: the program, the image, the media; runs its tests. './build.sh help' lists what it can do.
set -euo pipefail
shopt -s inherit_errexit

top=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/rehost
for part in say host root; do
    # shellcheck source=/dev/null
    . "$top/tools/build/$part.sh"
done

help() {
    cat <<HELP
Usage: sudo ./build.sh VERB

  demo      build everything, then move a real server between two machines in QEMU, while you watch
  iso       out/rehost.iso: boots as CD and as USB stick, by BIOS and by UEFI with Secure Boot
  pxe       out/pxe/: a folder to serve for network boot
  image     out/vmlinuz and out/initramfs.img alone
  rehost    out/rehost alone: the program, one static binary
  test      build everything and run the tests, of whole machines the part whose turn it is by the commit's time;
            'test DIRECTORY-OR-FILE...' runs those alone
  test-all  build everything and run all tests
  bench     measure: sizes, boot time, memory, times of the stages
  shell     a shell in the build root, with this folder at /src
  libs      the static libraries and tools alone
  root      the build root alone
  host      install what this machine lacks, by apt
  clean     remove out/; 'clean all' removes the build root and all that is cached

Everything that is built once is kept in $cache.
HELP
}

# What the build needs from the outside: the time of the last commit, for files that carry one, and a name for the version.
inputs() {
    local git=(git -c safe.directory='*' -C "$top")
    SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$("${git[@]}" log -1 --format=%ct 2>/dev/null || echo 1700000000)}
    version=${REHOST_VERSION:-$("${git[@]}" describe --always --dirty 2>/dev/null || echo unknown)}
    export SOURCE_DATE_EPOCH
}

scratch_make() {
    mkdir -p "$cache"
    find "$cache" -maxdepth 1 -name 'tmp.*' -mtime +1 -exec rm -rf {} + # of builds that were killed
    scratch=$(mktemp -d "$cache/tmp.XXXXXX")
    chmod 1777 "$scratch"
    trap 'rm -rf "$scratch"' EXIT
}

inside() { in_root tools/build/inside "$@"; }

# stage FUNCTION...: one that writes to out/. Two builds of one work tree take turns.
stage() { ( flock 9; inside "$@" 9>&- ) 9<"$top"; }

root() { host_ready; root_ready; }
libs() { root; stage libs_build; }
rehost() { libs; stage program_build out "$version"; }
image() { rehost; stage image_build out/rehost out; stage manifest_build out; }
iso() {
    local kind=cold before=$SECONDS
    [ ! -d "$cache/root-$(root_key)" ] || kind=warm
    image
    stage iso_build out out/rehost.iso
    size_report
    echo $((SECONDS - before)) >"$cache/build-$kind.seconds" # for the bench
}
pxe() { image; stage pxe_build out out/pxe; }
shell() { root; in_root bash; }

demo() { iso; in_root tests/vm/demo "$@"; }
bench() { iso; in_root tests/bench/run "$@"; }

# 'test' is a command of the shell.
run_tests() {
    local where
    for where in "$@"; do
        [ -e "$top/$where" ] || [[ $where == */unit/*_test ]] || die "there is no $where" "Name directories below tests/, or .t files."
    done
    # Only whole machines need the media.
    case "${*:-tests/image}" in
    *tests/image* | *tests/vm*) iso; stage pxe_build out out/pxe ;;
    *) rehost ;;
    esac
    inside tests_run "$@"
}

run_all_tests() {
    iso
    stage pxe_build out out/pxe
    inside tests_run_all
}

clean() {
    cmd rm -rf "$top/out"
    [ "${1:-}" != all ] || cmd rm -rf "$cache"
}

size_report() { note "$(cd "$top" && du -m --apparent-size out/rehost.iso out/initramfs.img out/rehost | sed 's/\t/ MB  /')"; }

main() {
    local verb=${1:-help} asked=${1:-}
    [ $# -eq 0 ] || shift
    case $verb in
    help | -h | --help) help; return ;;
    host | root | libs | rehost | image | iso | pxe | demo | bench | shell | clean) ;;
    test) verb=run_tests ;;
    test-all) verb=run_all_tests ;;
    *) die "there is no verb '$verb'" "./build.sh help lists them." ;;
    esac
    [ "$(id -u)" = 0 ] || die "'$asked' needs root, for the build root's mounts" "Run: sudo ./build.sh $asked"
    cd "$top"
    inputs
    scratch_make
    "$verb" "$@"
}

main "$@"

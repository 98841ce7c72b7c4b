# shellcheck shell=bash
# shellcheck disable=SC2154 # top comes from inside
# The program: one static binary. Runs in the build root.

# objects_with_version FOLDER
objects_with_version() {
    grep -rl --include='*.c' REHOST_VERSION "$top/tools" | sed "s|^$top/tools/|$1/|; s|\.c\$|.o|"
}

# program_build OUT VERSION
program_build() {
    local out=$1 version=$2 prefix
    prefix=$(libs_prefix)
    # make knows nothing of a changed prefix, and of the version only that every object is told it: few hold it.
    mkdir -p "$out/static"
    [ "$(cat "$out/static/prefix" 2>/dev/null)" = "$prefix" ] || rm -rf "$out/static"
    [ "$(cat "$out/static/version" 2>/dev/null)" = "$version" ] || objects_with_version "$out/static" | xargs -r rm -f
    mkdir -p "$out/static"
    echo "$prefix" >"$out/static/prefix"
    echo "$version" >"$out/static/version"
    cmd make -j"$(nproc)" --no-print-directory STATIC=1 CC=musl-gcc PREFIX="$prefix" BUILD="$out/static" VERSION="$version" \
        HEADERS="-idirafter $prefix/kernel-headers" OPT="-O2 -g -ffile-prefix-map=$prefix=prefix"
    cmd strip -o "$out/rehost.new" "$out/static/rehost"
    mv "$out/rehost.new" "$out/rehost"
}

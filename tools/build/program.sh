# shellcheck shell=bash
# The program: one static binary. Runs in the build root.

# program_build OUT VERSION
program_build() {
    local out=$1 version=$2 prefix
    prefix=$(libs_prefix)
    # A changed prefix or version changes no source file: make would not see it.
    [ "$(cat "$out/static/inputs" 2>/dev/null)" = "$prefix $version" ] || rm -rf "$out/static"
    mkdir -p "$out/static"
    echo "$prefix $version" >"$out/static/inputs"
    cmd make -j"$(nproc)" --no-print-directory STATIC=1 CC=musl-gcc PREFIX="$prefix" BUILD="$out/static" VERSION="$version" \
        HEADERS="-idirafter $prefix/kernel-headers" OPT="-O2 -g -ffile-prefix-map=$prefix=prefix"
    cmd strip -o "$out/rehost.new" "$out/static/rehost"
    mv "$out/rehost.new" "$out/rehost"
}

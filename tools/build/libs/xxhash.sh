# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154,SC2164 # variables go to and come from libs.sh, which also sets -e
# Digests of blocks for rehost.
source=xxhash
patches=no

build() {
    cmd make -j"$(nproc)" libxxhash.a CC="$CC" CFLAGS="$CFLAGS"
    cmd install -Dm644 libxxhash.a "$prefix/lib/libxxhash.a"
    cmd install -Dm644 -t "$prefix/include" xxhash.h xxh3.h
}

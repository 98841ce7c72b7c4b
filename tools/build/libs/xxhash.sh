# shellcheck shell=bash disable=SC2034
# Digests of blocks for rehost.
source=xxhash
patches=no

build() {
    cmd make -j"$(nproc)" libxxhash.a CC="$CC" CFLAGS="$CFLAGS"
    cmd install -Dm644 libxxhash.a "$prefix/lib/libxxhash.a"
    cmd install -Dm644 -t "$prefix/include" xxhash.h xxh3.h
}

# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154,SC2164 # variables go to and come from libs.sh, which also sets -e
# util-linux's libblkid, which tells rehost what is on a disk. (e2fsprogs has a libblkid too, an older one: kept apart.)
source=util-linux
# Debian's patches touch Makefile.am, so that make would ask for automake.
patches=no

build() {
    cmd ./configure --host="$HOST" --disable-all-programs --enable-libblkid --enable-libuuid --disable-shared --enable-static \
        --disable-nls --without-ncurses --without-python --without-systemd --prefix="$prefix" --libdir="$prefix/lib"
    cmd make -j"$(nproc)" libblkid.la libuuid.la
    cmd install -Dm644 .libs/libblkid.a "$prefix/lib/libblkid.a"
    cmd install -Dm644 .libs/libuuid.a "$prefix/lib/libuuid.a"
    cmd install -Dm644 libblkid/src/blkid.h "$prefix/include/blkid/blkid.h"
    cmd install -Dm644 libuuid/src/uuid.h "$prefix/include/uuid/uuid.h"
}

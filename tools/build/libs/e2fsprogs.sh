# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154,SC2164 # variables go to and come from libs.sh, which also sets -e
# The ext2/3/4 tools of the appliance. Debian's patches are applied: they mend corruption.
source=e2fsprogs
patches=yes

build() {
    cmd ./configure --host="$HOST" --disable-nls --disable-elf-shlibs --disable-fuse2fs --disable-uuidd --enable-libblkid \
        --enable-libuuid --disable-backtrace --without-pthread --sysconfdir=/etc --prefix="$prefix"
    cmd make -j"$(nproc)" LDFLAGS=-static libs
    cmd make -j"$(nproc)" LDFLAGS=-static -C e2fsck e2fsck
    cmd make -j"$(nproc)" LDFLAGS=-static -C resize resize2fs
    cmd make -j"$(nproc)" LDFLAGS=-static -C misc tune2fs mke2fs mke2fs.conf dumpe2fs
    cmd make -j"$(nproc)" LDFLAGS=-static -C debugfs debugfs
    cmd install -Ds -t "$prefix/sbin" e2fsck/e2fsck resize/resize2fs misc/{tune2fs,mke2fs,dumpe2fs} debugfs/debugfs
    cmd install -Dm644 -t "$prefix/etc" misc/mke2fs.conf
}

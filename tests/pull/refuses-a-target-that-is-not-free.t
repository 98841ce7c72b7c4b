#!/bin/bash
# Too small, missing, mounted, write-protected, in use by another, or the source itself: each is named, and nothing is written.
set -euo pipefail
# shellcheck source=tests/pull/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
needs nbdkit qemu-nbd qemu-img perl python3 losetup mkfs.ext4

SIZE=$((8 * 1048576))
make_source "$WORK/source.img" "$SIZE"
serve_nbdkit source file "$WORK/source.img"
SOURCE=$(uri source)

head -c $((SIZE - 512)) /dev/urandom >"$WORK/small"
DIGEST=$(sha256sum <"$WORK/small")
tries "too small: both sizes are named" pull_says 1 "too small: it has $((SIZE - 512)) bytes .*, the source has $SIZE" "$SOURCE" "$WORK/small"
tries "... and it is as it was" test "$(sha256sum <"$WORK/small")" = "$DIGEST"
tries "a device that is not there" pull_says 1 'open /dev/no-such-disk: No such file' "$SOURCE" /dev/no-such-disk
tries "... is not made as a file in memory" test ! -e /dev/no-such-disk
tries "a folder that is not there" pull_says 1 "$WORK/none/disk: No such file" "$SOURCE" "$WORK/none/disk"
tries "a folder" pull_says 1 'neither a disk nor an image file' "$SOURCE" "$WORK"
tries "a terminal" pull_says 1 'neither a disk nor an image file' "$SOURCE" /dev/tty
tries "no target at all is wrong usage" pull_says 2 'onto which DISK goes' "$SOURCE"
tries "a URI is no target" pull_says 2 "file:$WORK/x is a URI, and a DISK is the name of a disk or of a file" "$SOURCE" "file:$WORK/x"
tries "a scheme that is none" pull_says 1 'this is no source.*' "ftp://host/disk" "$WORK/x"
tries "a request size that is none" pull_says 2 'not understood: 5000' --request-size 5000 "$SOURCE" "$WORK/x"
tries "a number of connections that is none" pull_says 2 'not understood: 0' --connections 0 "$SOURCE" "$WORK/x"

# The source itself, by whatever name: it would be gone by the time that it is read.
is_spared() { pull_says 1 "is what file:.* is read from, and a source is never written to" "$@" && sha256sum --check --quiet "$WORK/spared"; }
cp "$WORK/source.img" "$WORK/own"
ln -s own "$WORK/own.link"
ln "$WORK/own" "$WORK/own.hard"
qemu-img convert -f raw -O qcow2 "$WORK/own" "$WORK/own.qcow2"
sha256sum "$WORK"/own* >"$WORK/spared"
tries "the source itself" is_spared "file:$WORK/own" "$WORK/own"
tries "... by another name" is_spared "file:$WORK/own" "$WORK/own.link"
tries "... and by a hard link" is_spared "file:$WORK/own.hard" "$WORK/own"
tries "... even to learn how fast it writes" is_spared --measure --write "file:$WORK/own" "$WORK/own"
tries "the source of another disk" is_spared "$SOURCE" "$WORK/own" "file:$WORK/own" "$WORK/x"
tries "... and nothing else is begun" test ! -e "$WORK/x"
tries "the image that the source stands in" is_spared "file:$WORK/own.qcow2" "$WORK/own.qcow2"
rm "$WORK"/own*

head -c "$SIZE" /dev/urandom >"$WORK/dense.img"
serve_qemu dense -f raw -e 8 "$WORK/dense.img"
link slow dense stop=$((6 * 1048576))
"$REHOST" pull --all "$(uri slow)" "$WORK/shared" >/dev/null 2>&1 &
FIRST=$!
is_begun() { head -c 512 "$WORK/shared" 2>/dev/null | grep -aq 'rehost: this disk is being filled'; }
must "a pull begins to fill a file" wait_until is_begun
tries "a file that another pull is filling" pull_says 1 'in use by another program' "$SOURCE" "$WORK/shared"
link_goes_on
tries "... which goes on" wait "$FIRST"
tries "... and is not disturbed" same_content "$WORK/dense.img" "$WORK/shared"

truncate -s 16M "$WORK/disk"
if LOOP=$(losetup --find --show "$WORK/disk" 2>/dev/null); then
    CLEANUPS+=("umount $WORK/mnt 2>/dev/null; losetup -d $LOOP 2>/dev/null")
    tries "a block device is filled" pulls_whole "$WORK/source.img" "$SOURCE" "$LOOP"
    tries "a disk that is its own source" pull_says 1 "is what file:$LOOP is read from" "file:$LOOP" "$LOOP"
    tries "the file behind a loop device" pull_says 1 "$LOOP stands on it" "$SOURCE" "$WORK/disk"
    mkdir "$WORK/mnt"
    if mkfs.ext4 -q -F "$LOOP" && mount "$LOOP" "$WORK/mnt"; then
        echo precious >"$WORK/mnt/file"
        tries "a mounted disk, with where it is mounted" pull_says 1 "mounted at $WORK/mnt" "$SOURCE" "$LOOP"
        umount "$WORK/mnt"
        tries "... is as it was" sh -c "e2fsck -fn $LOOP && debugfs -R 'cat file' $LOOP 2>/dev/null | grep -q precious"
    fi
    losetup -d "$LOOP"
    if LOOP=$(losetup --find --show --read-only "$WORK/disk"); then
        CLEANUPS+=("losetup -d $LOOP 2>/dev/null")
        tries "a write-protected disk" pull_says 1 "$LOOP.*(write-protected|not permitted|Read-only|denied)" "$SOURCE" "$LOOP"
        losetup -d "$LOOP"
    fi
else
    diag "no loop device here: block devices as targets were not tried"
    TAP_COUNT=$((TAP_COUNT + 1))
    echo "ok $TAP_COUNT - block devices as targets # SKIP no loop device here"
fi
tap_done

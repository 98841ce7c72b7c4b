#!/bin/bash
# --verify: the target is read back and compared with what was received, in this run and in those before; what differs is mended once and
# reported, and a disk that does not keep what is written to it fails with its name and the offset.
set -euo pipefail
# shellcheck source=tests/pull/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
needs qemu-nbd perl sha256sum

SOURCE=$WORK/source.img
MIB=1048576
SIZE=$((44 * MIB + 512))
make_source "$SOURCE" "$SIZE"
dd if=/dev/urandom of="$SOURCE" bs=1M seek=10 count=14 conv=notrunc status=none
DIGEST=$(sha256sum <"$SOURCE" | cut -d' ' -f1)
serve_qemu source -f raw -e 8 "$SOURCE"

# verified URI TARGET OPTIONS…: it says so with the digest of the source, and the target is the source.
verified() {
    local uri=$1 target=$2
    shift 2
    pull_says 0 "\"sha256\":\"$DIGEST\"" --json --verify "$@" "$uri" "$target" && same_content "$SOURCE" "$target"
}
# spoil FILE OFFSET: another byte there.
spoil() { perl -e 'open F, "+<", $ARGV[0]; seek F, $ARGV[1], 0; read F, $b, 1; seek F, $ARGV[1], 0; print F chr(ord($b) ^ 4)' "$1" "$2"; }
number_is() { [ "$(json_number "$WORK/pull.out" "$1")" -eq "$2" ] || { echo "$1 is not $2"; return 1; }; }

tries "a copy is verified, and its digest is that of the source" verified "$(uri source)" "$WORK/a"
tries "... without a second transfer" number_is fetched_again_bytes 0
tries "... and nothing had to be mended" grep -q '"mended":\[\]' "$WORK/pull.out"
tr '\0-\377' '\1-\377\0' <"$SOURCE" >"$WORK/full"
tries "also on a disk that was full of something else" verified "$(uri source)" "$WORK/full"
tries "for people, too" pull_says 0 "^Verified in [0-9.]+ s: SHA-256 $DIGEST" --verify "$(uri source)" "$WORK/b"
serve_rotten pieces "$SOURCE" odd-pieces
tries "what came in pieces that are no sectors has no digest: it is compared with the source" verified "$(uri pieces)" "$WORK/c"
tries "... by fetching it again" test "$(json_number "$WORK/pull.out" fetched_again_bytes)" -gt "$MIB"
serve_rotten partly "$SOURCE" odd-error-offset
tries "what came of a request that failed in its middle, and came again, counts once" verified "$(uri partly)" "$WORK/p"
tries "... so nothing has to be fetched again" number_is fetched_again_bytes 0

# cut_off TARGET OPTIONS…: a run whose source is lost in the middle of the disk, and that leaves its journal.
cut_off() {
    local target=$1
    shift
    rm -f "$SOURCE.gone"
    serve_rotten cut "$SOURCE" odd-gone
    touch "$SOURCE.gone"
    pull_says 1 'was lost and did not come back' --connections 1 --patience 0 "$@" "$(uri cut)" "$target" || return 1
    rm "$SOURCE.gone"
}
resumed() { [ "$(json_number "$WORK/pull.out" resumed_bytes)" -ge $((16 * MIB)) ]; }
mended_at() { grep -q "\"mended\":\[{\"offset_bytes\":$1,\"size_bytes\":1}\]" "$WORK/pull.out"; }

tries "a run is cut off" cut_off "$WORK/d" --verify
tries "... and the next one verifies what both have copied" verified "$(uri source)" "$WORK/d"
tries "... by the digests in the journal" resumed
tries "... without fetching anything again" number_is fetched_again_bytes 0
tries "once more" cut_off "$WORK/e" --verify
spoil "$WORK/e" $((12 * MIB + 77))
tries "a byte that changed in between is found and mended" verified "$(uri source)" "$WORK/e"
tries "... named, with its offset" mended_at $((12 * MIB + 77))
tries "... and only its surroundings are fetched again" number_is fetched_again_bytes "$MIB"
tries "once more" cut_off "$WORK/f" --verify
spoil "$WORK/f" $((9 * MIB + 5)) # a hole of the source
tries "so is one where only zeroes were written" verified "$(uri source)" "$WORK/f"
tries "... with its offset" mended_at $((9 * MIB + 5))
tries "a run without --verify is cut off" cut_off "$WORK/g"
spoil "$WORK/g" $((13 * MIB))
tries "... and what it copied is compared with the source" verified "$(uri source)" "$WORK/g"
tries "... and mended" mended_at $((13 * MIB))

# A disk on FUSE that changes the byte at $WORK/where after it was written; only once if $WORK/once is there.
if command -v nbdfuse >/dev/null && command -v nbdkit >/dev/null && [ -e /dev/fuse ]; then
    mkdir "$WORK/fuse"
    truncate -s "$SIZE" "$WORK/behind"
    start fuse nbdfuse "$WORK/fuse" --socket-activation nbdkit -f eval get_size="echo $SIZE" can_write='exit 0' can_flush='exit 0' flush='exit 0' \
        pread="dd if=$WORK/behind skip=\$4 count=\$3 iflag=count_bytes,skip_bytes status=none" \
        pwrite="dd of=$WORK/behind seek=\$4 oflag=seek_bytes conv=notrunc status=none
            read -r where <$WORK/where
            if [ \$where -ge \$4 ] && [ \$where -lt \$((\$4 + \$3)) ]; then
                printf '\\001' | dd of=$WORK/behind bs=1 seek=\$where conv=notrunc status=none
                [ ! -e $WORK/once ] || echo -1 >$WORK/where
            fi"
    CLEANUPS+=("fusermount3 -u $WORK/fuse 2>/dev/null || umount $WORK/fuse")
    wait_until test -e "$WORK/fuse/nbd"
    # changes OFFSET HOW-OFTEN
    changes() {
        echo "$1" >"$WORK/where"
        rm -f "$WORK/once"
        [ "$2" = always ] || touch "$WORK/once"
    }
    never_keeps() { pull_says 1 "$WORK/fuse/nbd does not keep what is written to it: at offset $1 " --verify --restart "$(uri source)" "$WORK/fuse/nbd" && grep -aq 'rehost: this disk is being filled' <(head -c 512 "$WORK/behind"); }
    changes $((15 * MIB + 3)) once
    tries "a disk that changes a byte silently" verified "$(uri source)" "$WORK/fuse/nbd"
    tries "... is told" mended_at $((15 * MIB + 3))
    changes $((15 * MIB + 3)) always
    tries "one that does so again and again fails, named, and does not boot" never_keeps $((15 * MIB + 3))
    changes $((600 * 1024)) always
    tries "... also where its ends are written last" never_keeps $((600 * 1024))
    changes $((600 * 1024)) once
    tries "... and is filled once it is well" verified "$(uri source)" "$WORK/fuse/nbd"
else
    TAP_COUNT=$((TAP_COUNT + 1))
    echo "ok $TAP_COUNT - a disk that changes bytes silently # SKIP nbdfuse, nbdkit or /dev/fuse is missing here"
fi

# Where nothing can be read there are zeroes, and they are verified; what is free is not copied, and counts as zeroes.
printf '%s\n' $((11 * MIB)) $((12 * MIB + 1024)) >"$SOURCE.defects"
cp "$SOURCE" "$WORK/with-holes"
for at in $((11 * MIB)) $((12 * MIB + 1024)); do dd if=/dev/zero of="$WORK/with-holes" bs=512 seek=$((at / 512)) count=1 conv=notrunc status=none; done
serve_rotten bad "$SOURCE" odd-defects
tries "zeroes for what cannot be read are verified" pull_says 0 "\"sha256\":\"$(sha256sum <"$WORK/with-holes" | cut -d' ' -f1)\"" --json --verify --read-errors zero "$(uri bad)" "$WORK/i"
if [ "$(id -u)" -eq 0 ] && command -v partclone.ext4 >/dev/null && command -v mkfs.ext4 >/dev/null; then
    SOURCE=$WORK/ext4.img
    mkdir "$WORK/files"
    head -c 3000000 /dev/urandom >"$WORK/files/a"
    truncate -s 64M "$SOURCE"
    mkfs.ext4 -q -d "$WORK/files" "$SOURCE"
    dd if=/dev/urandom of="$SOURCE" bs=1M seek=50 count=4 conv=notrunc status=none # in free space
    serve_qemu ext4 -f raw -e 8 "$SOURCE"
    only_used() { # by the map: pull() of the library copies all
        "$REHOST" pull --json --verify "$(uri ext4)" "$WORK/j" >"$WORK/pull.out" && grep -q '"free_bytes":[1-9]' "$WORK/pull.out" &&
            grep -q "\"sha256\":\"$(sha256sum <"$WORK/j" | cut -d' ' -f1)\"" "$WORK/pull.out"
    }
    tries "a copy of what is in use has a digest that can be made again" only_used
fi
tap_done

#!/bin/bash
# A btrfs over two disks is one file system, found by any of its profiles and names, and only while the guest is open: afterwards the kernel knows neither of
# its devices. With one disk alone it is said what is missing.
set -euo pipefail
# shellcheck source=tests/guests/lib/disk.sh
. "$(dirname "$0")/lib/disk.sh"
needs losetup mkfs.btrfs btrfs
grep -qw btrfs /proc/filesystems || modprobe btrfs 2>/dev/null || skip_all "this kernel has no btrfs"

export MOUNT=$WORK/mount
mkdir "$MOUNT"
tree "$WORK/tree"
sed -i "s|root=/dev/sda1|root=UUID=NUMBER rootflags=subvol=@|; s|/boot/vmlinuz|/@/boot/vmlinuz|; s|/boot/initrd|/@/boot/initrd|" "$WORK/tree/boot/grub/grub.cfg"

# loop FILE [OFFSET-MIB SIZE-MIB]: a loop device over it, or over that part.
loop() { losetup --find --show ${2:+--offset "$(($2 << 20))" --sizelimit "$(($3 << 20))"} "$1"; }
detach() { losetup --detach "$@"; }

# over_two FIRST SECOND PROFILE FUNCTION: a btrfs over both, filled by the function in its top; each has a UUID of its own, as the kernel knows them by it.
over_two() {
    UUID=$(cat /proc/sys/kernel/random/uuid)
    mkfs.btrfs -q -U "$UUID" -d "$3" -m raid1 "$1" "$2"
    unshare --mount --propagation private bash -euo pipefail -c "$(declare -f); mount -o device=\"\$2\" \"\$1\" \"\$MOUNT\"; cd \"\$MOUNT\"; \$3" over_two "$1" "$2" "$4"
    btrfs device scan --forget "$1" "$2"
    detach "$1" "$2"
}

is_system() {
    btrfs -q subvolume create @
    cp -r "$WORK/tree/." @
    sed -i "s/NUMBER/$UUID/" @/boot/grub/grub.cfg
    echo "UUID=$UUID / btrfs defaults,subvol=@ 0 0" >@/etc/fstab
}

# system NAME PROFILE: NAME.1 with a partition, and the whole of NAME.2.
system() {
    truncate -s 400M "$WORK/$1.1" "$WORK/$1.2"
    echo 'start=1MiB, size=398MiB, type=83, bootable' | sfdisk -q "$WORK/$1.1"
    over_two "$(loop "$WORK/$1.1" 1 398)" "$(loop "$WORK/$1.2")" "$2" is_system
}

# document FILE…: of all disks of a server.
document() { "$REHOST" inspect --json "$@" >"$WORK/document"; }

finds_it() {
    system "$1" "$2"
    document "$WORK/$1.1" "$WORK/$1.2"
    is "$(field 'len(d.systems)')" 1
    is "$(field 'd.disk.volumes[0].layers')" btrfs
    is "$(field 'd.disk.volumes[0].subvolume + " " + d.system.hostname')" "@ $(cat "$WORK/tree/etc/hostname")"
    is "$(field 'd.disk.volumes[0].size_bytes')" $((798 << 20))
    is "$(field d.notes)" ""
}

from_the_other_end() {
    document "$WORK/mirror.2" "$WORK/mirror.1"
    is "$(field 'str(len(d.systems)) + " " + d.disk.volumes[0].mount_point')" "1 /"
}

tells_people() {
    "$REHOST" inspect "$WORK/mirror.1" "$WORK/mirror.2" >"$WORK/said"
    cat "$WORK/said"
    grep -qE '798.0 MiB +btrfs +UUID [-0-9a-f]+, over several devices, is /$' "$WORK/said"
}

# "ready" is a device when the kernel knows all others of its file system, too. Its loop is there before: the ones of inspect are others then.
is_forgotten() {
    local device status=0
    device=$(loop "$WORK/mirror.1" 1 398)
    document "$WORK/mirror.1" "$WORK/mirror.2"
    is "$(field 'len(d.systems)')" 1
    btrfs device ready "$device" || status=$?
    btrfs device scan --forget "$device"
    detach "$device"
    is "$status" 1
}

is_unchanged() {
    local before
    before=$(digest "$WORK/mirror.1")$(digest "$WORK/mirror.2")
    document "$WORK/mirror.1" "$WORK/mirror.2"
    is "$(digest "$WORK/mirror.1")$(digest "$WORK/mirror.2")" "$before"
}

# proof FILE…
proof() { "$REHOST" prove "$@" --hardware "$HARDWARE/qemu-virtio.json" >"$WORK/said" || true; cat "$WORK/said"; }
proves_it() {
    proof "$WORK/mirror.1" "$WORK/mirror.2"
    grep -qE '^root +ok +root=UUID=[-0-9a-f]+ is the btrfs [-0-9a-f]+ over several devices .btrfs., its subvolume @$' "$WORK/said"
    grep -qE '^volumes +BROKEN .*over several devices.*: btrfs$' "$WORK/said" # the initrd of this tree is empty
}

# blocked_by TEXT FILE…
blocked_by() {
    local text=$1 status=0
    shift
    "$REHOST" plan "$@" --hardware "$HARDWARE/qemu-virtio.json" >"$WORK/said" 2>&1 || status=$?
    cat "$WORK/said"
    [ "$status" -eq 3 ] && grep -qF -- "$text" "$WORK/said"
}
one_is_missing() { blocked_by "it is a btrfs over 2 devices, and only 1 of them is on these disks" "$WORK/$1"; }

# An ext4 with the system beside it, and files in the btrfs, which fstab names by the old machine's name of its first device.
beside_a_system() {
    truncate -s 500M "$WORK/beside.1"
    truncate -s 400M "$WORK/beside.2"
    printf 'start=1MiB, size=60MiB, type=83, bootable\nstart=61MiB, size=400MiB, type=83\n' | sfdisk -q "$WORK/beside.1"
    cp -r "$WORK/tree" "$WORK/beside"
    printf '/dev/sda1 / ext4 defaults 0 1\n/dev/sda2 /srv btrfs defaults 0 0\n' >"$WORK/beside/etc/fstab"
    file_system "$WORK/beside.1" 1 60 "$WORK/beside"
    over_two "$(loop "$WORK/beside.1" 61 400)" "$(loop "$WORK/beside.2")" single true
    echo "$UUID" >"$WORK/beside.uuid"
    "$REHOST" fix "$WORK/beside.1" "$WORK/beside.2" --dry-run --hardware "$HARDWARE/qemu-virtio.json" >"$WORK/said" 2>&1 || true
    cat "$WORK/said"
    grep -qE "^\+UUID=$(cat "$WORK/beside.uuid")[[:space:]]+/srv[[:space:]]+btrfs" "$WORK/said"
}
is_needed() { blocked_by "partition 2 holds a part of a btrfs, which the system needs" "$WORK/beside.1"; }
has_no_place_in_fstab() {
    sed -i '/srv/d' "$WORK/beside/etc/fstab"
    file_system "$WORK/beside.1" 1 60 "$WORK/beside"
    "$REHOST" plan "$WORK/beside.1" --hardware "$HARDWARE/qemu-virtio.json" >"$WORK/said" 2>&1 || true
    cat "$WORK/said"
    grep -qF 'partition 2 holds a part of a btrfs, which is moved as it is' "$WORK/said"
}

claim "a system with everything on both disks (raid1)" finds_it mirror raid1
claim "one with some on either (single)" finds_it data single
claim "it is one file system to people, too" tells_people
claim "it is found whichever disk comes first" from_the_other_end
claim "prove knows where the root is, and that the initrd has to put it together" proves_it
claim "nothing of it is changed by looking" is_unchanged
claim "the first disk alone: the other one is missing" one_is_missing mirror.1
claim "the second alone: the same" one_is_missing mirror.2
claim "one that is not the root is named by its UUID, whichever device fstab names" beside_a_system
claim "with a part of it alone, what fstab needs is missing" is_needed
claim "... but what nobody mounts is moved as it is" has_no_place_in_fstab
claim "afterwards the kernel knows none of their devices" is_forgotten
tap_done

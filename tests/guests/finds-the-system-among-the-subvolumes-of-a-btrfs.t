#!/bin/bash
# A btrfs holds a system in a subvolume, others beside it, and snapshots that look like the system: that one is found, with all its fstab mounts.
set -euo pipefail
# shellcheck source=tests/guests/lib/disk.sh
. "$(dirname "$0")/lib/disk.sh"
needs losetup mkfs.btrfs btrfs
grep -qw btrfs /proc/filesystems || modprobe btrfs 2>/dev/null || skip_all "this kernel has no btrfs"

export MOUNT=$WORK/mount
mkdir "$MOUNT"

tree "$WORK/tree"
sed -i 's|root=/dev/sda1|root=UUID=NUMBER rootflags=subvol=@|; s|/boot/vmlinuz|/@/boot/vmlinuz|; s|/boot/initrd|/@/boot/initrd|' "$WORK/tree/boot/grub/grub.cfg"

# mounted IMAGE OPTIONS FUNCTION: the function with the image mounted, as the directory it is in. In a name space of its own: any program that makes
# one meanwhile would take a copy of the mount with it, and the kernel mounts a btrfs of one UUID from one device only.
mounted() {
    unshare --mount --propagation private bash -euo pipefail -c "$(declare -f); mount -o \"\$2\" \"\$1\" \"\$MOUNT\"; cd \"\$MOUNT\"; \"\$3\"" mounted "$@"
    for _ in $(seq 900); do
        [ -n "$(losetup --associated "$1" --noheadings)" ] || return 0
        sleep 0.1
    done
    echo "$1 is still attached"
    return 1
}

# fill IMAGE FUNCTION: a btrfs on a whole disk, filled by the function in its top. Each has a UUID of its own, as the kernel knows them by it.
fill() {
    UUID=$(cat /proc/sys/kernel/random/uuid)
    truncate -s 256M "$1"
    mkfs.btrfs -q -U "$UUID" "$1"
    mounted "$1" loop "$2"
}

# system DIRECTORY: the tree is copied into it.
system() {
    cp -r "$WORK/tree/." "$1"
    sed -i "s/NUMBER/$UUID/" "$1/boot/grub/grub.cfg"
}

# fstab LINE...
fstab() { printf "UUID=$UUID %s\n" "$@"; }

subvolume() { btrfs -q subvolume create "$1"; }

# As Ubuntu, with snapshots of timeshift and of snapper.
ubuntu_like() {
    subvolume @ && system @
    fstab '/ btrfs defaults,subvol=@ 0 0' '/home btrfs subvol=/@home 0 0' '/var/log btrfs subvol=@/log 0 0' >@/etc/fstab
    subvolume @home && mkdir -p @/home @/var/log @home/admin && subvolume @/log && touch @/log/syslog
    mkdir -p timeshift-btrfs/snapshots && btrfs -q subvolume snapshot @ timeshift-btrfs/snapshots/@ >/dev/null
    mkdir @/.snapshots && btrfs -q subvolume snapshot -r @ @/.snapshots/1 >/dev/null
    btrfs -q subvolume snapshot @ @before-the-update >/dev/null
    echo newer >@/etc/hostname
}
ubuntu() {
    fill "$WORK/ubuntu" ubuntu_like
    inspect "$WORK/ubuntu"
    is "$(field 'len(d.systems)')" 1
    is "$(field 'd.disk.partitions[0].subvolume + " " + d.system.hostname')" "@ newer"
    is "$(field d.boot.default_kernel)" "/boot/vmlinuz-$KERNEL"
    is "$(field d.notes)" ""
}
proves_its_subvolume() {
    "$REHOST" prove "$WORK/ubuntu" --hardware "$HARDWARE/qemu-virtio.json" >"$WORK/proof" || true
    grep -E '^root +ok +root=UUID=[^ ]+ is the whole disk .btrfs., its subvolume @$' "$WORK/proof" || { cat "$WORK/proof"; return 1; }
}
lead_elsewhere() { sed -i 's|subvol=@|subvol=@before-the-update|' boot/grub/grub.cfg; }
proves_another_subvolume_broken() {
    mounted "$WORK/ubuntu" loop,subvol=@ lead_elsewhere
    "$REHOST" prove "$WORK/ubuntu" --hardware "$HARDWARE/qemu-virtio.json" >"$WORK/proof" || true
    grep -E '^root +BROKEN +the system is in the subvolume @ of the whole disk, and .*leads to another' "$WORK/proof" || { cat "$WORK/proof"; return 1; }
}

# As SUSE: the default subvolume is the system, which no fstab and no command line names; snapshots lie beside it.
suse_like() {
    subvolume @ && mkdir -p @/.snapshots/1 @/.snapshots/2 && subvolume @/.snapshots/1/snapshot
    system @/.snapshots/1/snapshot
    fstab '/ btrfs defaults 0 0' '/boot/grub/i386-pc btrfs subvol=/@/boot/grub/i386-pc 0 0' >@/.snapshots/1/snapshot/etc/fstab
    mkdir -p @/boot/grub && subvolume @/boot/grub/i386-pc && mv @/.snapshots/1/snapshot/boot/grub/i386-pc/normal.mod @/boot/grub/i386-pc/
    sed -i 's| rootflags=subvol=@||; s|/@/boot|/boot|' @/.snapshots/1/snapshot/boot/grub/grub.cfg
    btrfs -q subvolume set-default @/.snapshots/1/snapshot
    btrfs -q subvolume snapshot -r @/.snapshots/1/snapshot @/.snapshots/2/snapshot >/dev/null
}
suse() {
    fill "$WORK/suse" suse_like
    inspect "$WORK/suse"
    is "$(field 'str(len(d.systems)) + " " + str(d.disk.partitions[0].subvolume)')" "1 None"
    "$REHOST" prove "$WORK/suse" --hardware "$HARDWARE/qemu-virtio.json" >"$WORK/proof" || true
    grep -E '^boot loader +ok +/boot/grub/i386-pc/normal.mod is there' "$WORK/proof" || { cat "$WORK/proof"; return 1; }
}

# As Fedora and Arch name it: by its number, with a subvolume for /var that holds what the plan looks at.
by_number_like() {
    subvolume root && system root && btrfs -q subvolume snapshot root copy >/dev/null
    subvolume var && mkdir -p root/var var/lib/dhcp copy/var
    fstab "/ btrfs subvolid=$(btrfs inspect-internal rootid root) 0 0" '/var btrfs subvol=var 0 0' >root/etc/fstab
    cp root/etc/fstab copy/etc/fstab
    printf 'lease {\n  interface "lan0";\n  fixed-address 10.0.2.99;\n}\n' >var/lib/dhcp/dhclient.lan0.leases
}
by_number() {
    fill "$WORK/number" by_number_like
    inspect "$WORK/number"
    is "$(field 'str(len(d.systems)) + " " + d.disk.partitions[0].subvolume')" "1 root"
    is "$(field 'd.nics[0].leases')" 10.0.2.99
}

# Two systems, of which neither says where it is.
two_like() {
    subvolume one && system one && btrfs -q subvolume snapshot one two >/dev/null
}
two() {
    fill "$WORK/two" two_like
    inspect "$WORK/two"
    is "$(field 'len(d.systems)')" 0
    field d.notes | grep -q 'btrfs with several systems (one, two), and none of them lies where its own /etc/fstab says'
}

unchanged() {
    local before
    before=$(digest "$1")
    inspect "$1"
    is "$(digest "$1")" "$before"
}

claim "the one that lies where its own fstab says, beside its snapshots (Ubuntu)" ubuntu
claim "prove resolves rootflags=" proves_its_subvolume
claim "... and says when they lead to another subvolume" proves_another_subvolume_broken
claim "the default one, with the subvolumes of its fstab mounted (SUSE)" suse
claim "one that is named by its number, with /var beside it (Fedora)" by_number
claim "two of which neither says where it is are named, and not guessed at" two
claim "nothing of it is changed by looking" unchanged "$WORK/ubuntu"
tap_done

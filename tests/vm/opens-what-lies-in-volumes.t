#!/bin/bash
# shellcheck disable=SC2016 # what stands in single quotes runs in the appliance
# In the appliance, where there is a device-mapper and md: LVM, RAID and LUKS inside of each other are opened and taken apart again, nothing is written
# where only looking was asked for, a volume group of another disk with the same name is left alone, and a kill leaves nothing behind. Then a RAID 5 that
# lacks a disk and has a bitmap, in it a thin pool, and on another disk of the server a volume group of the same name.
# minutes: 3
# shellcheck source=tests/image/lib/image.sh
. "$(dirname "$0")/../image/lib/image.sh"

claim() { tries "$1" shell_true inside "$2"; }
needed() { must "$1" shell_true inside "$2"; }

needs vmlinuz initramfs.img
blank_disk "$WORK/own.img" 64M
blank_disk "$WORK/guest.img" 400M
boot_shell inside memory=512 disk="$WORK/own.img" disk2="$WORK/guest.img"

# One command a line, as a serial line takes only so much.
type_text inside 'only() { d=$1; c=$2; shift 2; DM_DISABLE_UDEV=1 lvm $c --config "devices{filter=[\"a|/dev/$d|\",\"r|.*|\"] use_devicesfile=0}" "$@"; }'
type_text inside 'export DM_DISABLE_UDEV=1; crypt() { cryptsetup "$@" --batch-mode --key-file=/run/key; }'
needed "a disk with a half of a RAID 1, and a partition of its own" 'printf "label: dos\nsize=250MiB, bootable\nsize=100MiB\n" | sfdisk -q /dev/vdb && [ -b /dev/vdb2 ]'
needed "the RAID" 'modprobe raid1; mdadm --create /dev/md7 --run --metadata=1.2 --bitmap=none --level=1 --raid-devices=2 /dev/vdb1 missing'
needed "in it LUKS" 'printf secret-4711 >/run/key && modprobe dm_crypt; crypt luksFormat --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 /dev/md7 && crypt open /dev/md7 locked'
needed "in that a volume group" 'only mapper/locked pvcreate -q /dev/mapper/locked && only mapper/locked vgcreate -q guest /dev/mapper/locked &&
    only mapper/locked lvcreate -y -Zn -Wn -q -L 150M -n root guest && only mapper/locked lvcreate -y -Zn -Wn -q -L 20M -n swap guest'
needed "with a system on it" 'mke2fs -q -t ext4 /dev/guest/root && mount -t ext4 /dev/guest/root /mnt && mkdir -p /mnt/etc /mnt/sbin && cp /bin/busybox /mnt/sbin/init'
type_text inside 'echo "/dev/mapper/guest-root / ext4 defaults 0 1" >/mnt/etc/fstab; echo "md_crypt UUID=$(cryptsetup luksUUID /dev/md7) none luks" >/mnt/etc/crypttab; echo inner >/mnt/etc/hostname'
needed "all of it is put to rest" 'umount /mnt && only mapper/locked vgchange -an guest && cryptsetup close locked && mdadm --stop /dev/md7'
needed "the disk's digest" 'sha256sum /dev/vdb >/run/before'

claim "without a key it is told what is closed, and why" 'rehost inspect /dev/vdb >/run/said 2>&1; cat /run/said; grep "not looked into: it is encrypted, and no key was given" /run/said'
claim "nor does another key open it" 'echo wrong >/run/wrong; rehost inspect --luks-key /run/wrong /dev/vdb >/run/said 2>&1; cat /run/said; grep "no key that was given opens it" /run/said'
claim "with the key the system is found in all of them" 'rehost inspect --luks-key /run/key /dev/vdb >/run/said 2>&1; cat /run/said; grep "host name inner" /run/said && grep "volume /dev/mapper/guest-root, is /" /run/said'
claim "the volume that is encrypted has the name that the system gives it" 'grep "volume /dev/mapper/md_crypt" /run/said && rehost inspect --json --luks-key /run/key /dev/vdb | grep -A9 guest-root | grep -A4 raid | grep luks'
claim "a line end behind a passphrase is no part of it" 'echo secret-4711 >/run/line; rehost inspect --luks-key /run/line /dev/vdb | grep "host name inner"'
claim "nothing was written" 'sha256sum -c /run/before'
claim "nothing of it is left" '! dmsetup ls | grep -v "No devices" && ! ls /dev/mapper | grep -v control && ! grep "^md" /proc/mdstat && ! losetup -a | grep -v /usr.squashfs'

type_text inside 'wait_until() { n=0; until eval "$1"; do n=$((n + 1)); [ $n -lt 120 ] || return 1; sleep 1; done; }'
claim "killed in the middle, it leaves nothing, either" 'rehost inspect --luks-key /run/key /dev/vdb >/run/said 2>&1 & p=$!; for i in $(seq 2000); do [ -b /dev/mapper/guest-root ] && break; usleep 20000; done;
    kill -9 $p && wait_until "! dmsetup ls | grep -v No.devices && ! grep ^md /proc/mdstat && ! losetup -a | grep -v /usr.squashfs"'

needed "a volume group of the same name is at work on this machine" 'only vda pvcreate -q /dev/vda && only vda vgcreate -q guest /dev/vda && only vda lvcreate -y -Wn -Zn -q -L 20M -n root guest'
claim "it is told that both cannot be" 'rehost inspect --luks-key /run/key /dev/vdb >/run/said 2>&1; cat /run/said; grep "a volume group called guest is at work already" /run/said'
claim "the other one is as it was" '[ -b /dev/guest/root ] && [ "$(dmsetup ls | grep -c .)" = 1 ] && only vda vgchange -an guest'
claim "asleep, it is not in the way" 'rehost inspect --luks-key /run/key /dev/vdb | grep "host name inner"'
needed "its metadata goes" 'dd if=/dev/zero of=/dev/vda bs=1M count=2'

claim "opened to be changed, all of it can be written to" 'rehost fix --undo --luks-key /run/key /dev/vdb >/run/said 2>&1; cat /run/said; grep "nothing to take back" /run/said'
claim "nothing of that is left, either" '! dmsetup ls | grep -v "No devices" && ! grep "^md" /proc/mdstat && ! losetup -a | grep -v /usr.squashfs'

type_text inside 'thin() { DM_DISABLE_UDEV=1 lvm "$@" --config "devices{filter=[\"a|/dev/md5|\",\"r|.*|\"] use_devicesfile=0} global{thin_check_executable=\"\"} activation{monitoring=0}"; }'
needed "two disks of three of a RAID 5" 'printf "label: dos\nsize=80MiB, bootable\nsize=80MiB\n" | sfdisk -q -w always -W always /dev/vdb && [ -b /dev/vdb2 ] && modprobe -a raid456 dm_thin_pool &&
    mdadm --create /dev/md5 --run --metadata=1.2 --bitmap=internal --level=5 --raid-devices=3 /dev/vdb1 /dev/vdb2 missing'
needed "in it a thin pool" 'thin pvcreate -y -q /dev/md5 && thin vgcreate -y -q guest /dev/md5 && thin lvcreate -y -q --type thin-pool -L 60M --poolmetadatasize 4M -c 64k -n pool guest &&
    thin lvcreate -y -Wn -q -V 80M --thinpool pool -n root guest'
needed "with a system on it" 'mke2fs -q -F -t ext4 -E nodiscard /dev/guest/root && mount -t ext4 /dev/guest/root /mnt && mkdir -p /mnt/etc /mnt/sbin && cp /bin/busybox /mnt/sbin/init &&
    echo "/dev/mapper/guest-root / ext4 defaults 0 1" >/mnt/etc/fstab && echo thin >/mnt/etc/hostname && umount /mnt'
needed "all of that is put to rest" 'thin vgchange -an guest && mdadm --stop /dev/md5 && sha256sum /dev/vdb1 /dev/vdb2 >/run/before'
claim "the system is found in both, and what the RAID lacks is told" 'rehost inspect /dev/vdb >/run/said 2>&1; cat /run/said; grep "host name thin" /run/said && grep "degraded: 1 of its disks is not here" /run/said'
claim "nothing was written to them" 'sha256sum -c /run/before'
needed "another disk of the server has a volume group of the same name" 'only vda pvcreate -y -q /dev/vda && only vda vgcreate -y -q guest /dev/vda && only vda lvcreate -y -Wn -Zn -q -L 20M -n root guest && only vda vgchange -an guest'
claim "of both the one is opened that is on the disk which it boots from" 'rehost inspect /dev/vdb /dev/vda >/run/said 2>&1; cat /run/said; grep "host name thin" /run/said && grep "a volume group called guest is at work already" /run/said'
claim "opened to be changed, it can be written to as well" 'rehost fix --undo /dev/vdb >/run/said 2>&1; cat /run/said; grep "nothing to take back" /run/said'
claim "nothing of all that is left" '! dmsetup ls | grep -v "No devices" && ! grep "^md" /proc/mdstat && ! losetup -a | grep -v /usr.squashfs'
tap_done

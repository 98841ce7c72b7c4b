#!/bin/bash
# shellcheck disable=SC2016 # what stands in single quotes runs in the appliance
# In the appliance, where there is a device-mapper and md: striped volumes and such in several pieces, thin pools and a member of a RAID 1 are read for what
# is in use in them, while a volume group of the same name is at work on this machine; volumes with snapshots or a cache travel whole. The copy holds every
# file, and nothing of ours is left behind.
# minutes: 2
# shellcheck source=tests/image/lib/image.sh
. "$(dirname "$0")/../image/lib/image.sh"

SOURCE_MIB=720

claim() { tries "$1" shell_true inside "$2"; }
needed() { must "$1" shell_true inside "$2"; }

needs vmlinuz initramfs.img
{ yes "stale data that must not travel" || true; } | head -c "$((SOURCE_MIB << 20))" >"$WORK/source.img"
blank_disk "$WORK/target.img" "${SOURCE_MIB}M"
boot_shell inside memory=512 disk="$WORK/target.img" disk2="$WORK/source.img"

# One command a line, as a serial line takes only so much.
type_text inside 'only() { d=$1; c=$2; shift 2; DM_DISABLE_UDEV=1 lvm $c --config "devices{filter=[\"a|/dev/$d|\",\"r|.*|\"] use_devicesfile=0}" "$@"; }'
type_text inside 'thin() { c=$1; shift; DM_DISABLE_UDEV=1 lvm $c --config "devices{filter=[\"a|/dev/$on|\",\"r|.*|\"] use_devicesfile=0} global{thin_check_executable=\"\" cache_check_executable=\"\"} activation{monitoring=0}" "$@"; }'
needed "a disk with three physical volumes and a RAID member" \
    'printf "label: gpt\nsize=150MiB\nsize=150MiB\nsize=150MiB\nsize=220MiB\n" | sfdisk -q /dev/vdb && [ -b /dev/vdb4 ]'
needed "a volume group over both" 'only vdb pvcreate -q /dev/vdb1 /dev/vdb2 && only vdb vgcreate -q guest /dev/vdb1 /dev/vdb2'
needed "a striped volume" 'only vdb lvcreate -y -Zn -Wn -q -i 2 -I 64k -L 120M -n striped guest'
needed "a volume, and one behind it" 'only vdb lvcreate -y -Zn -Wn -q -L 40M -n pieces guest /dev/vdb1 && only vdb lvcreate -y -Zn -Wn -q -L 20M -n hole guest /dev/vdb1'
needed "the first one goes on behind the other" 'only vdb lvextend -q -L 80M guest/pieces && only vdb lvremove -y -q guest/hole'
needed "a RAID 1 of one half" 'modprobe raid1; mdadm --create /dev/md7 --run --metadata=1.2 --bitmap=none --level=1 --raid-devices=2 /dev/vdb3 missing'
type_text inside 'fill() { mke2fs -q -t ext4 -E nodiscard $1 && mount -t ext4 $1 /mnt && cp /usr/bin/rehost /bin/busybox /mnt && (cd /mnt && sha256sum rehost busybox >/run/$2) && umount /mnt; }'
needed "file systems with files in all of them" 'fill /dev/guest/striped striped && fill /dev/guest/pieces pieces && fill /dev/md7 raid'
needed "a thin pool, and a volume that is larger" 'modprobe dm_thin_pool; on=vdb4; thin pvcreate -q /dev/vdb4 && thin vgcreate -q thin /dev/vdb4 &&
    thin lvcreate -y -q --type thin-pool -L 80M --poolmetadatasize 4M -c 64k -n pool thin && thin lvcreate -y -Wn -q -V 120M --thinpool pool -n root thin'
needed "in it a file system, and a snapshot from before a file went and another came" 'fill /dev/thin/root root && thin lvcreate -y -q -s -kn -n before thin/root &&
    mount -t ext4 /dev/thin/root /mnt && rm /mnt/busybox && cp /usr/bin/rehost /mnt/another && umount /mnt'
needed "a volume with a snapshot, the old way" 'modprobe dm_snapshot; thin lvcreate -y -Wn -Zn -q -L 32M -n origin thin && fill /dev/thin/origin origin && thin lvcreate -y -q -s -L 16M -n kept thin/origin'
needed "of which a file goes afterwards" 'mount -t ext4 /dev/thin/origin /mnt && rm /mnt/rehost && umount /mnt'
needed "a volume with a cache that holds back what is written" 'modprobe dm_cache dm_cache_smq; thin lvcreate -y -Wn -Zn -q -L 20M -n slow thin && thin lvcreate -y -q --type cache-pool -L 12M -n fast thin &&
    thin lvconvert -y -q --type cache --cachemode writeback --cachepool fast thin/slow'
needed "... and a file system in it" 'fill /dev/thin/slow slow'
needed "what the thin volumes, the snapshots and the cached one hold is noted" 'sha256sum /dev/thin/root /dev/thin/before /dev/thin/kept /dev/thin/slow >/run/thin; cat /run/thin; [ "$(grep -c . /run/thin)" = 4 ]'
needed "all of it is put to rest" 'thin vgchange -an thin && only vdb vgchange -an guest && mdadm --stop /dev/md7'

needed "a volume group of the same name is at work on this machine" 'truncate -s 64M /run/own && modprobe loop && losetup /dev/loop7 /run/own && only loop7 pvcreate -q /dev/loop7 &&
    only loop7 vgcreate -q guest /dev/loop7 && only loop7 lvcreate -y -Wn -Zn -q -L 20M -n striped guest && mke2fs -q -F /dev/guest/striped'
needed "a server" 'nbdkit -r -U /run/source file /dev/vdb'
needed "the disk is pulled" 'rehost pull "nbd+unix:///?socket=/run/source" /dev/vda >/run/map 2>&1; s=$?; cat /run/map; [ $s -eq 0 ]'
# The table: NAME ext4 TRAVELS of SIZE; all of these travel with less than 30 MiB.
for name in guest/striped guest/pieces 'RAID 1 in it'; do
    claim "of $name only what is in use travelled" "grep -E \"^ *$name +ext4 +[12]?[0-9]\\.[0-9] MiB of +[0-9.]+ MiB\$\" /run/map"
done
claim "of a thin pool only what is mapped travelled" "grep -E '^ *thin/pool +thin pool +[1-6]?[0-9]\.[0-9] MiB of +80.0 MiB\$' /run/map"
claim "of a volume that has a snapshot all did, and it is said why" "grep -E '^ *thin/origin .* 32.0 MiB of +32.0 MiB .*snapshot' /run/map"
claim "so did what has a cache" "grep -E '^ *thin/slow .* 20.0 MiB of +20.0 MiB .*cache' /run/map"
claim "the other volume group is as it was" 'e2fsck -fn /dev/guest/striped && [ "$(dmsetup ls | grep -c .)" = 1 ] && only loop7 vgchange -an guest'
claim "no device of ours is left" '! losetup -a | grep -v "loop[07]" | grep . && ! dmsetup ls | grep rehost'
type_text inside 'same() { e2fsck -fn $1 && mount -t ext4 -r $1 /mnt && (cd /mnt && sha256sum -c /run/$2); s=$?; umount /mnt; return $s; }'
needed "the copy's volume group is found" 'blockdev --rereadpt /dev/vda; only vda vgchange -ay guest && only vda vgmknodes'
claim "the striped volume holds its files" 'same /dev/guest/striped striped'
claim "so does the one in pieces" 'same /dev/guest/pieces pieces'
claim "so does the RAID" 'mdadm --assemble --run /dev/md8 /dev/vda3 && same /dev/md8 raid'
needed "the volume group with the pool is found, too" 'on=vda4; thin vgchange -ay thin && thin lvchange -ay -K thin/before; thin vgmknodes'
claim "all of what was in the pool, in the snapshots and in the cached volume is there" 'sha256sum -c /run/thin'
claim "... which holds its files" 'same /dev/thin/slow slow'
tap_done

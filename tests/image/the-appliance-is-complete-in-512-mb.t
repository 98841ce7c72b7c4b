#!/bin/bash
# shellcheck disable=SC2016 # what stands in single quotes runs in the appliance
# What the moves rely on, looked at from inside, in the smallest machine that is promised.
# shellcheck source=tests/image/lib/image.sh
. "$(dirname "$0")/lib/image.sh"

free_is_enough() {
    local free
    free=$(grep -aoE 'ready after [0-9]+ s, [0-9]+' "$WORK/inside.serial.log" | grep -oE '[0-9]+$')
    echo "$free MB are free"
    [ "$free" -ge 300 ]
}

claim() {
    tries "$1" shell_true inside "$2"
}

needs vmlinuz initramfs.img
blank_disk "$WORK/disk.img" 64M
boot_shell inside memory=512 disk="$WORK/disk.img" extra="-device qemu-xhci,id=usb"
tries "at least 300 MB are free" free_is_enough
claim "busybox has no modprobe of its own, nor its family, but for the insmod that loads the first two modules" \
    '! busybox --list | grep -E "^(modprobe|rmmod|lsmod|depmod|modinfo)$"'
claim "modprobe and insmod are kmod's" 'modprobe --version | grep -q kmod && insmod --version | grep -q kmod && [ "$(cat /proc/sys/kernel/modprobe)" = /sbin/modprobe ]'
claim "screen and serial line are both consoles of the kernel" 'grep -w tty0 /sys/class/tty/console/active | grep -w ttyS0'
claim "neither udev nor systemd runs, and PID 1 is busybox" \
    '! pidof systemd udevd systemd-udevd && [ "$(readlink -f /proc/1/exe)" = /bin/busybox ]'
claim "the disk is there" '[ -b /dev/vda ]'
claim "nothing is mounted from a medium or a disk; /usr is a file in memory" '! grep "^/dev/" /proc/mounts | grep -v "^/dev/loop0 /usr squashfs ro" &&
    [ "$(cat /sys/block/loop0/loop/backing_file)" = /usr.squashfs ]'
claim "it cannot be taken away by mistake, and the kernel can forget what it read of it" '! umount /usr && { losetup -d /dev/loop0; echo 3 >/proc/sys/vm/drop_caches; mdadm --version; }'
claim "the loop device behind it is no disk to move to" 'rehost hardware --json >/run/hardware && grep /dev/vda /run/hardware && ! grep /dev/loop /run/hardware'
claim "the root file system has no limit of its own" 'grep "^rootfs / rootfs" /proc/mounts || grep "^none / ramfs\|^rootfs / ramfs" /proc/mounts'
claim "the network comes up by itself" '/lib/rehost/net-up auto dhcp | grep "^eth0 10.0.2.15/24 10.0.2.2$"'
claim "a fixed address does as well" '/lib/rehost/net-up 52:54:00:BB:00:01 10.0.2.99/24,10.0.2.2 | grep "^eth0 10.0.2.99/24 10.0.2.2$"'
claim "a card that is not there is named" '/lib/rehost/net-up eth7 dhcp 2>&1 | grep "no network adapter .eth7. here; there are: eth0"'
claim "an address that is none is named" '/lib/rehost/net-up auto 10.0.2.5 2>&1 | grep "10.0.2.5. is neither"'
claim "ext4, xfs, btrfs, vfat, ntfs3, iso9660 and overlay can be mounted" 'modprobe -a ext4 xfs btrfs vfat ntfs3 isofs squashfs overlay &&
    for f in ext4 xfs btrfs vfat ntfs3 iso9660 squashfs overlay fuse; do grep -qw $f /proc/filesystems || break; done'
claim "an ext4 file system can be made, grown, checked and mounted" 'mke2fs -q -t ext4 /dev/vda 32M && resize2fs /dev/vda &&
    e2fsck -fp /dev/vda && mount /dev/vda /mnt && umount /mnt'
must "a USB disk is plugged in" machine_qmp inside blockdev-add '{"driver":"null-co","node-name":"late","size":1048576,"read-zeroes":true}'
must "and the machine sees it" machine_qmp inside device_add '{"driver":"usb-storage","bus":"usb.0","drive":"late","id":"late"}'
claim "a disk that comes late gets its drivers" 'for i in $(seq 120); do [ -b /dev/sda ] && break; sleep 1; done; [ -b /dev/sda ]'
tap_done

#!/bin/sh
# Runs inside a guest's root while its disk is built, and does what its installation on the source machine did: initramfs, GRUB.
set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive

# host_only_initramfs: MODULES=dep asks /sys, which is that of another machine here. The source machine's answer is given instead,
# for this one run, by a file that initramfs-tools reads after its own configuration.
host_only_initramfs() {
    cp -a /etc/initramfs-tools/modules /tmp/modules.saved
    cp /tmp/source-modules /etc/initramfs-tools/modules
    echo MODULES=list >/etc/initramfs-tools/conf.d/source-machine
    for kernel in /boot/vmlinuz-*; do update-initramfs -c -k "${kernel#/boot/vmlinuz-}"; done
    rm /etc/initramfs-tools/conf.d/source-machine
    cp -a /tmp/modules.saved /etc/initramfs-tools/modules
}

# check_initramfs: the guest must fail on other hardware, or the tests would say nothing.
check_initramfs() {
    for initrd in /boot/initrd.img-*; do
        lsinitramfs "$initrd" >/tmp/initrd.list
        grep -q sym53c8xx /tmp/initrd.list || { echo "$initrd lacks the driver of the source machine" >&2; exit 1; }
        if grep -q virtio /tmp/initrd.list; then echo "$initrd holds virtio drivers" >&2; exit 1; fi
    done
}

# grub_files: what grub-install puts into /boot/grub. The boot code itself is written to the disk from these by image.sh.
grub_files() {
    mkdir -p /boot/grub/i386-pc
    cp /usr/lib/grub/i386-pc/*.mod /usr/lib/grub/i386-pc/*.lst /usr/lib/grub/i386-pc/boot.img /boot/grub/i386-pc/
    # shellcheck disable=SC2086  # words
    grub-mkimage -O i386-pc -o /boot/grub/i386-pc/core.img -p "$CORE_PREFIX" biosdisk part_msdos ext2 $CORE_MODULES
    grub-editenv /boot/grub/grubenv create
    echo 'grub-pc grub-pc/install_devices multiselect /dev/sda' | debconf-set-selections
}

# stand_in PATH: standard input stands in for the program until it is put back.
stand_in() {
    mv "$1" "/tmp/${1##*/}.real"
    cat >"$1"
    chmod 755 "$1"
}

# run_update_grub: the real one. Only grub-probe and grub-mkrelpath, which want to see the source machine's disk, are stood in for by their
# answers. With a UUID of its own, /boot is on the first partition.
run_update_grub() {
    stand_in /usr/sbin/grub-probe <<-'EOF'
	#!/bin/sh
	. /tmp/source-disk
	on=root
	while [ $# -gt 0 ]; do
	    case $1 in
	    --target=*) target=${1#--target=} ;;
	    -t) target=$2; shift ;;
	    /boot | /boot/* | /dev/sda1) on=boot ;;
	    esac
	    shift
	done
	if [ $on = root ] || [ -z "$BOOT_UUID" ]; then
	    device=$ROOT_NODE type=$ROOT_TYPE uuid=$ROOT_UUID abstraction=$ROOT_ABSTRACTION
	else
	    device=/dev/sda1 type=ext2 uuid=$BOOT_UUID abstraction=
	fi
	case $target in
	device) echo "$device" ;;
	disk) echo /dev/sda ;;
	fs) echo "$type" ;;
	fs_uuid) echo "$uuid" ;;
	partmap) echo msdos ;;
	partuuid) echo 5ca1ab1e-01 ;;
	abstraction) echo "$abstraction" ;;
	fs_label | cryptodisk_uuid) ;;
	compatibility_hint) echo hd0,msdos1 ;;
	hints_string) echo "--hint-bios=hd0,msdos1 --hint-efi=hd0,msdos1 --hint-baremetal=ahci0,msdos1" ;;
	*) echo "grub-probe: no answer for $target" >&2; exit 1 ;;
	esac
	EOF
    stand_in /usr/bin/grub-mkrelpath <<-'EOF'
	#!/bin/sh
	. /tmp/source-disk
	case $BOOT_UUID:$1 in :* | *:/usr/*) echo "$1" ;; *) echo "${1#/boot}" ;; esac
	EOF
    update-grub
    mv /tmp/grub-mkrelpath.real /usr/bin/grub-mkrelpath
    mv /tmp/grub-probe.real /usr/sbin/grub-probe
    grep -q "linux.* root=$ROOT_DEVICE " /boot/grub/grub.cfg || { echo "grub.cfg does not have root=$ROOT_DEVICE" >&2; exit 1; }
}

# shellcheck source=/dev/null
. /tmp/source-disk
host_only_initramfs
check_initramfs
grub_files
run_update_grub
find /tmp -mindepth 1 -delete

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
    grub-mkimage -O i386-pc -o /boot/grub/i386-pc/core.img -p '(,msdos1)/boot/grub' biosdisk part_msdos ext2
    grub-editenv /boot/grub/grubenv create
    echo 'grub-pc grub-pc/install_devices multiselect /dev/sda' | debconf-set-selections
}

# run_update_grub: the real one. Only grub-probe, which wants to see the source machine's disk, is stood in for by its answers.
run_update_grub() {
    mv /usr/sbin/grub-probe /tmp/grub-probe.real
    cat >/usr/sbin/grub-probe <<-EOF
	#!/bin/sh
	. /tmp/source-disk
	while [ \$# -gt 0 ]; do
	    case \$1 in --target=*) target=\${1#--target=} ;; -t) target=\$2; shift ;; esac
	    shift
	done
	case \$target in
	device) echo /dev/sda1 ;;
	disk) echo /dev/sda ;;
	fs) echo ext2 ;;
	fs_uuid) echo "\$ROOT_UUID" ;;
	partmap) echo msdos ;;
	partuuid) echo 5ca1ab1e-01 ;;
	abstraction | fs_label | cryptodisk_uuid) ;;
	compatibility_hint) echo hd0,msdos1 ;;
	hints_string) echo "--hint-bios=hd0,msdos1 --hint-efi=hd0,msdos1 --hint-baremetal=ahci0,msdos1" ;;
	*) echo "grub-probe: no answer for \$target" >&2; exit 1 ;;
	esac
	EOF
    chmod 755 /usr/sbin/grub-probe
    update-grub
    mv /tmp/grub-probe.real /usr/sbin/grub-probe
    # shellcheck source=/dev/null
    . /tmp/source-disk
    grep -q "linux.* root=$ROOT_DEVICE " /boot/grub/grub.cfg || { echo "grub.cfg does not have root=$ROOT_DEVICE" >&2; exit 1; }
}

host_only_initramfs
check_initramfs
grub_files
run_update_grub
find /tmp -mindepth 1 -delete

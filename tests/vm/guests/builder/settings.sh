# shellcheck shell=bash disable=SC2154  # $hostname, $layout, $root_*, $boot_uuid, $core_*, $network, $modules and $loader are set by GUEST.guest
# A guest's configuration files, as an administrator or the installer wrote them: those of every guest, and what the parts for its loader,
# its layout and its network share.

ROOT_UUID=6a7d2c31-5b0e-4d0a-9c55-1f6d6e1b0c12
ADDRESS=10.0.2.77/24
GATEWAY=10.0.2.2
OLD_MAC=52:54:00:aa:00:01

settings_write() {
    local root=$1
    settings_host "$root"
    settings_disk "$root"
    "settings_$loader" "$root"
    "settings_$network" "$root"
    settings_source_machine "$root"
}

# put ROOT FILE: standard input becomes the file.
put() {
    mkdir -p "$(dirname "$1$2")"
    cat >"$1$2"
}

# A machine-id, or systemd would take every boot for the first one. Daily apt runs and the
# spare consoles are off: they would use up an emulated processor.
settings_host() {
    put "$1" /etc/hostname <<<"$hostname"
    put "$1" /etc/hosts <<<"127.0.0.1 localhost $hostname"
    put "$1" /etc/resolv.conf <<<"nameserver 10.0.2.3"
    put "$1" /etc/machine-id <<<"0d3c5c1ab7e94f5d8f1e2a3b4c5d6e7f"
    put "$1" /root/.ssh/authorized_keys <"$SSH_KEY.pub"
    chmod 700 "$1/root/.ssh"
    mkdir -p "$1/etc/systemd/system"
    ln -s /dev/null "$1/etc/systemd/system/getty-static.service"
    rm -f "$1"/etc/systemd/system/timers.target.wants/*
}

# root_node: the device that the root lies on in the source machine: /dev/sda1, or the name that the guest gives.
root_node() { echo "${root_name:-/dev/sda1}"; }

# root_device: what fstab and GRUB call the root: that, or its UUID.
root_device() { if [ "$root_named_by" = uuid ]; then echo "UUID=$ROOT_UUID"; else root_node; fi; }

settings_disk() {
    put "$1" /etc/fstab <<-EOF
	# <file system> <mount point> <type> <options> <dump> <pass>
	$(root_device) / ${root_type:-ext4} ${root_options:-errors=remount-ro} 0 1
	EOF
    "settings_$layout" "$1"
}

settings_no_ifupdown() {
    rm -f "$1/etc/systemd/system/multi-user.target.wants/networking.service" "$1/etc/systemd/system/network-online.target.wants/networking.service"
}

settings_source_machine() {
    source_modules | put "$1" /tmp/source-modules
    put "$1" /tmp/source-disk <<-EOF
	ROOT_UUID=$ROOT_UUID
	ROOT_DEVICE=$(root_device)
	ROOT_NODE=$(root_node)
	ROOT_TYPE=${root_type:-ext2}
	ROOT_ABSTRACTION='${root_abstraction:-}'
	BOOT_UUID=${boot_uuid:-}
	CORE_PREFIX='${core_prefix:-(,msdos1)/boot/grub}'
	CORE_MODULES='${core_modules:-}'
	EOF
}

# MODULES=dep is a host-only initramfs: what update-initramfs finds in use on the machine it runs on. The list is what that is here,
# see inside-grub.sh; with MODULES=list it stays the list.
settings_initramfs() {
    sed -i "s/^MODULES=.*/MODULES=$modules/" "$1/etc/initramfs-tools/initramfs.conf"
    grep -q "^MODULES=$modules" "$1/etc/initramfs-tools/initramfs.conf"
    if [ "$modules" = list ]; then source_modules | put "$1" /etc/initramfs-tools/modules; fi
}

# source_modules: the modules of the source machine's root disk, as /sys names them there.
source_modules() { printf '%s\n' "${drivers[@]:-sym53c8xx}" sd_mod "${root_type:-ext4}" "${root_modules[@]}"; }

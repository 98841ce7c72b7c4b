# shellcheck shell=bash disable=SC2154  # $hostname, $layout, $root_*, $boot_uuid, $core_*, $network, $modules and $loader are set by GUEST.guest
# A guest's configuration files, as an administrator or the installer wrote them.

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
    if [ "$layout" != plain ]; then "settings_$layout" "$1"; fi
}

settings_grub() {
    local no_uuid=true
    if [ "$root_named_by" = uuid ]; then no_uuid=false; fi
    put "$1" /etc/default/grub <<-EOF
	GRUB_DEFAULT=0
	GRUB_TIMEOUT=2
	GRUB_DISTRIBUTOR=Debian
	GRUB_CMDLINE_LINUX_DEFAULT=""
	GRUB_CMDLINE_LINUX="console=tty0 console=ttyS0,115200"
	GRUB_DISABLE_LINUX_UUID=$no_uuid
	GRUB_TERMINAL="console serial"
	GRUB_SERIAL_COMMAND="serial --unit=0 --speed=115200"
	EOF
}

# The labels stand in a file of their own, as Debian 7's extlinux-update wrote them.
settings_extlinux() {
    put "$1" /boot/extlinux/extlinux.conf <<-EOF
	default l0
	prompt 0
	timeout 10
	include linux.cfg
	EOF
    put "$1" /etc/dracut.conf.d/10-source.conf <<-EOF
	hostonly="yes"
	hostonly_cmdline="no"
	EOF
}

# The menu is for pygrub on the host of Xen, which knows GRUB's root as the whole disk; inside-pygrub.sh writes its entries.
settings_pygrub() {
    put "$1" /etc/securetty <<<"hvc0"
    settings_initramfs "$1"
    printf 'default 0\ntimeout 2\n' | put "$1" /boot/grub/menu.lst
    put "$1" /tmp/arguments <<<"console=hvc0 clocksource=xen console=ttyS0,115200"
}

# GRUB legacy, whose own program puts it onto the disk (image.sh); and the login of sysvinit.
settings_grub1() {
    settings_initramfs "$1"
    printf '%s\n' 'default 0' 'timeout 2' 'serial --unit=0 --speed=115200' 'terminal --timeout=1 serial console' | put "$1" /boot/grub/menu.lst
    put "$1" /boot/grub/device.map <<<"(hd0) /dev/sda"
    put "$1" /tmp/arguments <<<"console=tty0 console=ttyS0,115200 clocksource=acpi_pm"
    cp "$1"/usr/lib/grub/i386-pc/stage1 "$1"/usr/lib/grub/i386-pc/stage2 "$1"/usr/lib/grub/i386-pc/e2fs_stage1_5 "$1/boot/grub/"
    echo 'T0:23:respawn:/sbin/getty -L ttyS0 115200 vt100' >>"$1/etc/inittab"
}

settings_ifupdown() {
    put "$1" /etc/network/interfaces <<-EOF
	auto lo
	iface lo inet loopback

	auto lan0
	iface lan0 inet static
	    address $ADDRESS
	    gateway $GATEWAY
	EOF
    put "$1" /etc/udev/rules.d/70-persistent-net.rules <<-EOF
	# PCI device 0x8086:0x100e (e1000)
	SUBSYSTEM=="net", ACTION=="add", DRIVERS=="?*", ATTR{address}=="$OLD_MAC", ATTR{dev_id}=="0x0", ATTR{type}=="1", KERNEL=="eth*", NAME="lan0"
	EOF
}

settings_networkd() {
    put "$1" /etc/systemd/network/10-lan0.link <<-EOF
	[Match]
	MACAddress=$OLD_MAC

	[Link]
	Name=lan0
	EOF
    put "$1" /etc/systemd/network/20-lan0.network <<-EOF
	[Match]
	MACAddress=$OLD_MAC

	[Network]
	Address=$ADDRESS
	Gateway=$GATEWAY
	EOF
    settings_no_ifupdown "$1"
    mkdir -p "$1/etc/systemd/system/multi-user.target.wants"
    ln -s /lib/systemd/system/systemd-networkd.service "$1/etc/systemd/system/multi-user.target.wants/systemd-networkd.service"
}

settings_no_ifupdown() {
    rm -f "$1/etc/systemd/system/multi-user.target.wants/networking.service" "$1/etc/systemd/system/network-online.target.wants/networking.service"
}

# The card is known by its MAC alone; its name is whatever udev makes of its slot.
settings_networkmanager() {
    put "$1" /etc/NetworkManager/system-connections/office.nmconnection <<-EOF
	[connection]
	id=office
	uuid=3f1c2a77-5b0e-4d0a-9c55-1f6d6e1b0c77
	type=ethernet

	[ethernet]
	mac-address=${OLD_MAC^^}

	[ipv4]
	method=manual
	address1=$ADDRESS,$GATEWAY

	[ipv6]
	method=disabled
	EOF
    chmod 600 "$1/etc/NetworkManager/system-connections/office.nmconnection"
    settings_no_ifupdown "$1"
}

# As Ubuntu's installer and cloud-init write it.
settings_netplan() {
    put "$1" /etc/netplan/50-cloud-init.yaml <<-EOF
	network:
	    version: 2
	    renderer: networkd
	    ethernets:
	        lan:
	            match:
	                macaddress: '$OLD_MAC'
	            set-name: lan0
	            addresses:
	            - $ADDRESS
	            routes:
	            - to: default
	              via: $GATEWAY
	EOF
    chmod 600 "$1/etc/netplan/50-cloud-init.yaml"
    settings_no_ifupdown "$1"
}

settings_source_machine() {
    if [ "$loader" = grub ]; then settings_initramfs "$1"; fi
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

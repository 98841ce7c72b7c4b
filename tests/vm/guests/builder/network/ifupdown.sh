# shellcheck shell=bash disable=SC2034,SC2154  # sourced by build: what it sets is read there, and what it reads is set by GUEST.guest
# ifupdown, and a name by udev's old rules.

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

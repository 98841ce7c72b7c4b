# shellcheck shell=bash disable=SC2034,SC2154  # sourced by build: what it sets is read there, and what it reads is set by GUEST.guest
# systemd-networkd.

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

# shellcheck shell=bash disable=SC2034,SC2154  # sourced by build: what it sets is read there, and what it reads is set by GUEST.guest
# NetworkManager.

network_packages=network-manager

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

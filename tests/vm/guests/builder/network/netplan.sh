# shellcheck shell=bash disable=SC2034,SC2154  # sourced by build: what it sets is read there, and what it reads is set by GUEST.guest
# netplan over systemd-networkd.

network_packages=netplan.io

# As Ubuntu's installer and cloud-init write it. Of two cards the one that the server is reached by is the second.
settings_netplan() {
    put "$1" /etc/netplan/50-cloud-init.yaml <<-EOF
	network:
	    version: 2
	    renderer: networkd
	    ethernets:
	        backup:
	            match:
	                macaddress: '52:54:00:aa:00:02'
	            set-name: backup0
	            addresses:
	            - 10.10.1.77/24
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

# shellcheck shell=bash disable=SC2034,SC2154  # sourced by build: what it sets is read there, and what it reads is set by GUEST.guest
# netplan over systemd-networkd.

network_packages=netplan.io

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

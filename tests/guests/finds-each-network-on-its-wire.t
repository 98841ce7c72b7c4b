#!/bin/bash
# Which new card is in which old network is found out on the wires, where nothing else tells it: by a gateway that answers, in a VLAN, by what a
# DHCP server offers, and by what two cards of a bond have in common. The cards are veths, and behind each is a network of its own.
set -euo pipefail
[ "${1:-}" = inside ] || exec unshare --mount --net --propagation private bash "$0" inside
# shellcheck source=tests/guests/lib/disk.sh
. "$(dirname "$0")/lib/disk.sh"
needs ip jq
PEER=$TOP/tests/guests/lib/peer.py
MACHINE=$WORK/guest
PIDS=()
end() { [ "${#PIDS[@]}" -eq 0 ] || kill "${PIDS[@]}" 2>/dev/null || true; cleanup; }
trap end EXIT

mkdir -p /run/netns
mount -t tmpfs -o mode=755 netns /run/netns
mount -t sysfs sysfs /sys
ip link add probe type veth peer name other 2>/dev/null || skip_all "there are no veth interfaces here"
ip link del probe
mount -t tmpfs -o mode=755 net /sys/class/net # a veth has no device behind it: these look like cards

mac() { printf '52:54:00:bb:00:%02x' "$1"; }

# wire CARD [ADDRESS]: a card, down, and a peer behind it that is up.
wire() {
    ip netns add "peer$1"
    ip link add "card$1" address "$(mac "$1")" type veth peer name wire netns "peer$1"
    ip -n "peer$1" link set wire up
    [ -z "${2:-}" ] || ip -n "peer$1" address add "$2/24" dev wire
    looks_like_a_card "$1"
}

looks_like_a_card() {
    mkdir -p "/sys/class/net/card$1/device"
    mac "$1" >"/sys/class/net/card$1/address"
    echo 1 >"/sys/class/net/card$1/type"
}

# neighbour CARD HOW [WORD...]: peer.py behind that card.
neighbour() {
    ip netns exec "peer$1" python3 "$PEER" "$2" wire "${@:3}" 2>>"$WORK/peers" &
    PIDS+=($!)
}

# listens_behind CARD KIND WORDS: a socket of that kind is there.
listens_behind() { ip netns exec "peer$1" grep -q "$3" "/proc/net/$2"; }

tree "$MACHINE"
rm -f "$MACHINE"/etc/udev/rules.d/*net.rules "$MACHINE"/etc/systemd/network/*
cat >"$MACHINE/etc/network/interfaces" <<'SETTINGS'
iface eth0 inet static
    address 10.1.0.77/24
    gateway 10.1.0.1
iface eth1 inet manual
iface vlan100 inet static
    vlan-raw-device eth1
    address 10.2.0.77/24
iface eth2 inet dhcp
iface eth3 inet manual
iface eth4 inet manual
iface bond0 inet static
    bond-slaves eth3 eth4
    address 10.4.0.77/24
    gateway 10.4.0.1
iface eth5 inet static
    address 10.5.0.77/24
SETTINGS
echo '10.2.0.9 db1' >>"$MACHINE/etc/hosts"
mkdir -p "$MACHINE/var/lib/dhcp"
printf 'lease {\n  interface "eth2";\n  fixed-address 10.3.0.50;\n}\n' >"$MACHINE/var/lib/dhcp/dhclient.eth2.leases"

wire 0 10.4.0.1
wire 1
neighbour 1 vlan 100 10.2.0.9
wire 2 10.1.0.1
wire 3
wire 4 10.3.0.1
neighbour 4 dhcp 10.3.0.60
wire 5 10.4.0.1
must "the neighbour in the VLAN listens" wait_until listens_behind 1 packet ' 0003 '
must "the DHCP server listens" wait_until listens_behind 4 udp ':0043 '

# plan [OPTION...]: its document; blockers, of the disk that is not there, are of no interest here.
plan() { "$REHOST" plan --json "$@" "$MACHINE" || [ $? -eq 3 ]; }
plan --listen >"$WORK/plan"
plan >"$WORK/deaf"

# has NAME CARD BY [WHY]
has() {
    local is
    is=$(jq -r --arg name "$1" '.nics[] | select(.name == $name) | .new_mac, .by, .why // ""' "$WORK/plan")
    is "$is" "$(printf '%s\n' "$(mac "$2")" "$3" "${4:-}")"
}
is() { [ "$1" = "$2" ] || { printf 'it is:\n%s\nnot:\n%s\n' "$1" "$2"; return 1; }; }

tries "the gateway of eth0 answers" has eth0 2 evidence "10.1.0.1 answers"
tries "the neighbour that /etc/hosts names answers in the VLAN on eth1" has eth1 1 evidence "10.2.0.9 answers in VLAN 100"
tries "the DHCP server offers an address of the network of eth2's lease" has eth2 4 evidence "DHCP offers 10.3.0.60/24"
tries "the first card of the bond is one that its gateway answers on" has eth3 0 evidence "10.4.0.1 answers"
tries "the second is the other" has eth4 5 evidence "10.4.0.1 answers"
tries "eth5, which nobody answers for, gets the card that is left" has eth5 3 "only one"
warnings() { jq -r '.findings[] | select(.step == "network" and .severity == "warning") | .message' "$WORK/$1"; }
tries "nothing is left to the order of the cards" is "$(warnings plan)" ""
tries "without listening everything is" is "$(warnings deaf | grep -c 'order of the cards alone')" 6

cards_are_as_they_were() {
    ip -br link | grep '^card' | grep -v DOWN && return 1
    is "$(ip -br address | awk 'NF > 2 && $1 != "lo"')" ""
}
tries "every card is down again, and has no address" cards_are_as_they_were
nobody_knows_us() { for card in 0 2 5; do is "$(ip -n "peer$card" neigh show)" ""; done; }
tries "no neighbour took a question for a claim" nobody_knows_us
tries "no address was taken from the DHCP server" is "$(cat "$WORK/peers")" ""

# The gateway of eth0 is moved behind a card that hears the network of eth5 as well.
ip -n peer2 address add 10.5.0.1/24 dev wire
plan --listen >"$WORK/plan"
says_both() { warnings plan | grep -E "wire of the card $(mac 2) speaks for more than one interface: eth0 .*10[.]1[.]0[.]1 answers; eth5 .*10[.]5[.]0[.]1 answers"; }
tries "a wire that speaks for two networks is shown with what it says" says_both
tries "and decides nothing" is "$(jq -r '.nics[] | select(.name == "eth0") | .by' "$WORK/plan")" order

# Two more cards, whose cables end in each other; this machine has the old address of eth0; eth5 gets an address of another network, which is behind
# card3; and who wrote the job took the card of the bond for that of the VLAN.
ip link add card6 address "$(mac 6)" type veth peer name card7 address "$(mac 7)"
for card in 6 7; do looks_like_a_card "$card"; done
ip address add 10.1.0.77/32 dev lo
ip -n peer3 address add 10.6.0.1/24 dev wire
plan --listen --address eth5=10.6.0.9/24 --nic "eth1=$(mac 0)" >"$WORK/plan"
heard() { jq -r --arg mac "$(mac "$1")" '.cards[] | select(.mac == $mac) | .wire[] | .seen + " " + (.address // "")' "$WORK/plan"; }
tries "what this machine says by one card it does not hear by another" is "$(heard 6)$(heard 7)" ""
tries "an address that is going to change is looked for where it will be" has eth5 3 evidence "10.6.0.1 answers"
tries "and not where it was" has eth0 2 evidence "10.1.0.1 answers"
tries "what the job says is done" has eth1 0 job
doubted="the job gives eth1 .* the card $(mac 0), but on the wire of that card is the network of eth3 .*: 10[.]4[.]0[.]1 answers; its own network is on the wire of the card $(mac 1): 10[.]2[.]0[.]9 answers in VLAN 100"
doubts() { warnings plan | grep -E "$doubted"; }
tries "and doubted, where the wires say otherwise" doubts

other_machine() { "$REHOST" plan --listen --hardware "$HARDWARE/qemu-two-cards.json" "$MACHINE" 2>&1 || true; }
tries "another machine's cards are not listened to" is "$(other_machine | grep -o 'and --hardware for another one')" "and --hardware for another one"
tap_done

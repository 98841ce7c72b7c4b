# shellcheck shell=bash
# Networks for machines with several cards, each with a peer that answers in no other one: QEMU's own, alone, on a hub with two cards, or in a VLAN.
# What these print is for a machine's extra=.

# peer_alone ID NETWORK: it has the first address of that /24, and nothing is behind it.
peer_alone() { echo "-netdev user,id=$1,net=$2.0/24,host=$2.1,restrict=on"; }

# peer_card ID MODEL=MAC SLOT: a card on that network.
peer_card() { echo "-device ${2%%=*},netdev=$1,mac=${2#*=},addr=$(printf 0x%x "$3"),romfile="; }

# peer_hub ID NUMBER [NETWORK-ID]: the next port of that hub, for a network that is there or for a card.
peer_hub() { echo "-netdev hubport,id=$1,hubid=$2${3:+,netdev=$3}"; }

# peer_vlans ID NETWORK TAG…: a trunk, and in each of its VLANs a peer, in NETWORK.TAG.0/24; peer_switch_start has to be called for it.
peer_vlans() {
    local tag
    peer_cable "$1" "$WORK/trunk"
    for tag in "${@:3}"; do
        peer_alone "peer$tag" "$2.$tag"
        peer_cable "port$tag" "$WORK/port$tag"
        peer_hub "hub$tag.1" "$tag" "peer$tag"
        peer_hub "hub$tag.2" "$tag" "port$tag"
    done
}

peer_cable() { echo "-netdev dgram,id=$1,local.type=unix,local.path=$2.machine,remote.type=unix,remote.path=$2"; }

# peer_switch_start TAG…: the switch that trunk and peers are cabled to.
peer_switch_start() {
    local tag ports=()
    for tag in "$@"; do ports+=("$tag=$WORK/port$tag"); done
    python3 "$VM_DIR/lib/vlan-switch.py" "$WORK/trunk" "${ports[@]}" >"$WORK/switch.server.log" 2>&1 </dev/null &
    echo $! >"$WORK/switch.server.pid"
    SOURCES+=(switch)
    wait_until test -S "$WORK/port${*: -1}"
}

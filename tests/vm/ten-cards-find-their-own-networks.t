#!/bin/bash
# A gateway lands on a machine whose ten cards come in another order, behind an eleventh. The job says of two alone which they are: of the others
# rehost finds out on their wires which is in which network. Each network has a peer that answers in no other one: QEMU's own, for two VLANs behind a
# trunk, for a bond on a hub with both of its cards, of which the first then loses its cable.
# minutes: 4
# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
appliance_prerequisites vmlinuz initramfs.img

# new_mac CARD: the settings of eth0 go to the last card, and so on.
new_mac() { printf '52:54:00:bb:00:%02x' $((10 - $1)); }

wires() {
    local card
    echo "-netdev user,id=net0" # 10.0.2.0/24, where the source is
    for card in 1 2 3 4 5 9; do peer_alone "net$card" "10.10.$card"; done
    peer_vlans net6 10.20 100 200
    peer_alone peer7 10.10.7
    peer_hub hub7 7 peer7
    peer_hub net7 7
    peer_hub net8 7
    peer_alone net10 10.99.0 # a network that the gateway knows nothing of
    for card in {0..10}; do peer_card "net$card" "vmxnet3=$(new_mac "$card")" $((25 - card)); done
}

peer_switch_start 100 200
wires=$(wires | tr '\n' ' ')
disk=$WORK/target.img

move_source router
blank_disk "$disk" 4G
# Its disk controller stays what it was, so that the network is all that there is to do.
machine=(disk_controller=lsi53c895a nics= extra="$wires")
move_unattended_by "rehost.nic=$(new_mac 0) rehost.map=10.0.2.77=$(new_mac 0) rehost.map=eth9=$(new_mac 9)" move "$disk" "${machine[@]}"

# placed NAME CARD BY
placed() { serial_printed move "  $1  .* -> $(new_mac "$2") [(]by $3[)]"; }
tries "the gateway, by which the source is, has the card that the job gave it" placed eth0 0 job
for card in 1 2 3 4 5; do
    tries "eth$card has the card whose wire its peer answers on" placed "eth$card" "$card" "evidence: 10[.]10[.]${card}[.]1 answers"
done
tries "eth6 has the one where peers answer in its VLANs" placed eth6 6 'evidence: 10[.]20[.][12]00[.]1 answers in VLAN [12]00'
bond='evidence: 10[.]10[.]7[.]1 (answers|speaks)' # each hears what the other is answered
tries "the cards of the bond are two whose wires have the same peer" placed eth7 8 "$bond"
tries "and which of them is which is all the same" placed eth8 7 "$bond"
tries "eth9 has the card that the job gave it" placed eth9 9 job
tries "no network is left to the order of the cards" says_nowhere move 'by the order of the cards alone|[(]by order|speaks for more than one'

machine_start router target disk="$disk" "${machine[@]}"
must "it boots, and asks each of its peers" expect router 'report: every peer is asked' "$BOOT_SECONDS"
# answers WORDS: they stand before what the guest says of a peer that has answered.
answers() { serial_printed router "$1, its peer: .*lladdr .*(REACHABLE|DELAY|STALE)"; }
for card in 0 1 2 3 4 5 9; do
    tries "eth$card has its card, and its network answers there" answers "eth$card is $(new_mac "$card")"
done
for tag in 100 200; do
    tries "the VLAN $tag answers on eth6's card" answers "eth6[.]$tag is $(new_mac 6)"
done
tries "the bond's network answers on the first of its cards" answers "bond0 is by eth7, $(new_mac 8)"
must "the cable of that card is pulled" machine_pull_cable router net8
must "the bond goes over to its other card" expect router 'report: the bond has gone over' "$BOOT_SECONDS"
tries "and its network answers on that one" answers "bond0 is by eth8, $(new_mac 7)"
tries "it forwards where it did, by the names that its cards exchanged" serial_printed router 'eth2 forwards: 1, eth3 forwards: 0'
# merges CARD on|off
merges() { serial_printed router "$(new_mac "$1") has large-receive-offload: $2"; }
merges_nothing() { local card; for card in {0..9}; do merges "$card" off || { echo "eth$card does"; return 1; }; done; }
tries "no card of the gateway merges what it receives" merges_nothing
tries "but the one that it has no settings for, as such cards do by themselves" merges 10 on
time_stage 'first boot'
move_done

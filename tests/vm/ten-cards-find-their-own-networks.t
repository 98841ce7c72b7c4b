#!/bin/bash
# A gateway lands on a machine whose ten cards come in another order. Each of its networks has a peer that answers in no other one. The
# disk is fixed without a copy: what is looked at here is the first boot.
# always
# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
REHOST=${REHOST:-$OUT/rehost}
guest_prerequisites

# new_mac CARD: the settings of eth0 go to the last card, and so on.
new_mac() { printf '52:54:00:bb:00:%02x' $((10 - $1)); }

choices=() wires=
for card in {0..9}; do
    choices+=(--nic "10.10.$card.77=$(new_mac "$card")")
    wires="-netdev user,id=net$card,net=10.10.$card.0/24,host=10.10.$card.2,restrict=on
        -device vmxnet3,netdev=net$card,mac=$(new_mac "$card"),addr=$(printf 0x%x $((25 - card))),romfile= $wires"
done

disk=$WORK/router.img
cp --sparse=always "$(guest_image router)" "$disk"
time_start
must "it is fixed for a machine with ten cards" "$REHOST" fix "$disk" --hardware "$TOP/tests/hardware/qemu-ten-cards.json" "${choices[@]}"
time_stage 'fix'
machine_start router target disk="$disk" nics= extra="${wires//$'\n'/ }"
for card in {0..9}; do
    tries "eth$card has the card that the job gave it, and its network answers there" \
        expect router "card $card is $(new_mac "$card"), its peer: .*lladdr .*(REACHABLE|DELAY|STALE)" "$BOOT_SECONDS"
done
time_stage 'first boot'
tap_done

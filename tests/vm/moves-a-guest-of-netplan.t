#!/bin/bash
# netplan with systemd-networkd: the cards are matched by their MACs, and named by set-name. Which new card is which is seen on their wires: by their
# order it would be the other way round.
# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

first=52:54:00:bb:00:01
second=52:54:00:bb:00:02
machine=(disk_controller=megasas nics="e1000=$first" extra="$(peer_alone backup 10.10.1) $(peer_card backup e1000=$second 25)")
appliance_prerequisites vmlinuz initramfs.img
move_source netplan
unmoved_finds_no_root UUID=6a7d2c31-5b0e-4d0a-9c55-1f6d6e1b0c12 "${machine[@]}"
move_to_target "${machine[@]}"
tries "lan0 is given the card whose wire its gateway answers on" serial_printed move "  lan0  .* -> $first [(]by evidence: 10[.]0[.]2[.][23] answers"
tries "backup0 the one whose wire its peer answers on" serial_printed move "  backup0  .* -> $second [(]by evidence: 10[.]10[.]1[.]1 answers"
moved_claims moved "$ssh_port" "after the move" guest_has_drivers megaraid_sas e1000

# Nothing listens at that port: the peer has answered to ARP before it said so.
backup_answers() {
    local seen
    seen=$(guest_run "$ssh_port" 'timeout 5 bash -c "</dev/tcp/10.10.1.1/9" 2>/dev/null; cat /sys/class/net/backup0/address; ip neigh show 10.10.1.1 dev backup0')
    echo "$seen"
    [[ $seen =~ ^$second.*lladdr.*(REACHABLE|DELAY|STALE) ]]
}
tries "backup0 has that card, and its network answers there" backup_answers
time_stage 'first boot'
move_done

#!/bin/bash
# Debian 12 with its root on xfs in LVM, /boot on a partition and /var on a volume of its own. LVM was told to look at the old disk alone.
# minutes: 7
# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

# shellcheck disable=SC2329  # called by volume_move_claims
volumes_are_in_use() {
    local seen
    seen=$(guest_run "$1" 'findmnt -n -o SOURCE,FSTYPE /; findmnt -n -o SOURCE /var; findmnt -n -o SOURCE /boot; swapon --noheadings --show=NAME; grep -c "taken out by rehost" /etc/lvm/lvm.conf')
    echo "$seen"
    [[ $seen == /dev/mapper/old--vg-root*xfs*/dev/mapper/old--vg-var*/dev/sda1*/dev/dm-*1 ]]
}

volume_move_claims lvm /dev/mapper/old--vg-root volumes_are_in_use

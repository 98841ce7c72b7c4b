#!/bin/bash
# Debian 12 on a RAID 1, of which one disk comes along: the array goes on with one half, and boots without waiting for the other.
# minutes: 7
# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

# shellcheck disable=SC2329  # called by volume_move_claims
array_is_in_use() {
    local seen
    seen=$(guest_run "$1" 'findmnt -n -o SOURCE,FSTYPE /; cat /proc/mdstat; cat /etc/mdadm/mdadm.conf')
    echo "$seen"
    [[ $seen == /dev/md*ext4*'active raid1 sda1'*'[2/1]'*'#DEVICE /dev/sda1 /dev/sdb1'* ]]
}

VOLUME_TARGET=(disk_controller=mptsas1068 "nics=tulip=52:54:00:bb:00:01")
VOLUME_DRIVERS=(mptsas tulip)
volume_move_claims raid 'UUID=[-0-9a-f]+' array_is_in_use

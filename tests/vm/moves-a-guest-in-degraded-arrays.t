#!/bin/bash
# Debian 12 with /boot in a RAID 1, its root in a thin pool on a RAID 5, and /srv in a RAID 10, each over three disks. Two of these are moved: all arrays go
# on degraded, which the plan says before the copy, and the moved server boots without waiting for the third.
# minutes: 6
# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

appliance_prerequisites vmlinuz initramfs.img
target=(disk_controller=pvscsi "nics=e1000e=52:54:00:bb:00:01")
move_image arrays
second_source=$(second_image "$source_image")
second_digest=$(image_digest "$second_source")
port_reserve second_port

machine_start unmoved target "${target[@]}" disk="$source_image" disk2="$second_source" disk_options=snapshot=on
tries "unmoved, it does not find its root on the target" expect unmoved 'ALERT! +/dev/mapper/old--vg-root does not exist' "$BOOT_SECONDS"
machine_kill unmoved

source_serve arrays "$source_image" "$source_port"
source_serve second "$second_source" "${second_port:?}"
blank_disk "$WORK/first.img" 2G
blank_disk "$WORK/second.img" 2G
disks=(disk="$WORK/first.img" disk2="$WORK/second.img")
job="rehost.source=$(source_uri "$source_port") rehost.disk=sda rehost.source2=$(source_uri "${second_port:?}") rehost.disk2=sdb rehost.confirm=yes rehost.after=poweroff"
appliance_start move "$job" "${target[@]}" "${disks[@]}"
for array in 0 1 2; do
    must "before the copy it says that array $array goes on degraded" expect move "the volume /dev/md/$array is a RAID, and 1 of its disks is not here" "$START_SECONDS"
done
must "the initrd is made anew" expect move 'run update-initramfs' "$MOVE_SECONDS"
must "it proves that the initrd puts the root together" expect move 'the volume /dev/mapper/old--vg-root together, and drivers: .*raid456.*dm_thin_pool' "$MOVE_SECONDS"
must "the move ends" expect move 'rehost: switching this machine off' "$MOVE_SECONDS"
must "the machine switches itself off" machine_wait_off move "$START_SECONDS"

port_reserve ssh_port
machine_start moved target "${target[@]}" "${disks[@]}" ssh="$ssh_port"
must "it answers ssh on its own address" ssh_wait moved "$ssh_port" "$BOOT_SECONDS"
tries "its address is on lan0" guest_has_its_address "$ssh_port" lan0
root_is_thin() {
    local seen
    seen=$(guest_run "$ssh_port" 'findmnt -n -o SOURCE / && lvs --noheadings -o segtype,pool_lv old-vg/root && pvs --noheadings -o pv_name && findmnt -n -o SOURCE /boot && findmnt -n -o SOURCE /srv')
    echo "$seen"
    [[ $seen == /dev/mapper/old--vg-root*thin*pool*/dev/md1*/dev/md0*/dev/md2 ]]
}
# md_is_degraded MD LEVEL: it runs on two disks of three, and nothing else is wrong with it.
md_is_degraded() {
    local seen
    seen=$(guest_run "$ssh_port" cat /proc/mdstat)
    echo "$seen"
    [[ $seen =~ $1\ :\ active\ $2\ sd[ab][123]\[[01]\]\ sd[ab][123]\[[01]\][^:]*\[3/2\] ]]
}
tries "its root is in the thin pool, on the RAID 5" root_is_thin
tries "the RAID 1 runs on two disks" md_is_degraded md0 raid1
tries "so does the RAID 5" md_is_degraded md1 raid5
tries "so does the RAID 10" md_is_degraded md2 raid10
tries "what is in /srv is what was there" guest_run "$ssh_port" 'cd /srv && sha256sum -c sum'
tries "it drives the target's controller and card" guest_has_drivers "$ssh_port" vmw_pvscsi e1000e
tries "no unit has failed" guest_has_no_failed_unit "$ssh_port"
tries "the sources are bit for bit what they were" image_is "$source_image" "$source_digest"
tries "... both" image_is "$second_source" "$second_digest"
tap_done

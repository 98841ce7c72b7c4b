#!/bin/bash
# Bad input to the whole appliance: what is wrong is named, nothing is written, and the machine stays for a person to look.
# always
# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

appliance_prerequisites vmlinuz initramfs.img
port_reserve source_port
silent_port=
port_reserve silent_port
truncate -s 1G "$WORK/empty.img"
source_serve empty "$WORK/empty.img" "$source_port"
disk="$WORK/target.img"
source=$(source_uri "$source_port")
sure="rehost.confirm=yes rehost.patience=5 rehost.after=poweroff"

# refused CLAIM STAGE OBJECT DISK-SIZE JOB: the appliance with that job ends in a failure of that stage, and has written nothing.
refused() {
    local options=()
    blank_disk "$disk" "${4:-1M}"
    [ -z "$4" ] || options=(disk="$disk")
    appliance_start machine "$5" "${options[@]}"
    tries "$1" fails_at machine "$2" "$3" "$((START_SECONDS + 60))"
    machine_kill machine
    tries "$1: the disk is untouched" disk_is_untouched "$disk"
}

refused "a wrong key is named, with the right one" job 'sorce.*source' 2G "rehost.sorce=$source rehost.disk=auto $sure"
refused "a source that cannot be reached is named" source "10\.0\.2\.2:$silent_port" 2G "rehost.source=$(source_uri "$silent_port") rehost.disk=auto $sure"
refused "a machine without a disk is told so" target 'no disk' '' "rehost.source=$source rehost.disk=auto $sure"
refused "a disk that is too small is named" target '/dev/vda.*small' 512M "rehost.source=$source rehost.disk=/dev/vda $sure"
refused "a source without a system is refused" plan 'system' 2G "rehost.source=$source rehost.disk=auto $sure"
tap_done

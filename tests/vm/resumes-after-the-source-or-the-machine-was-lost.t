#!/bin/bash
# In the middle of the pull the source vanishes and comes back: the pull goes on by itself. Then the machine loses its power
# and is started again: the disk in between does not boot, and what had arrived is not sent again.
# always
# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

appliance_prerequisites vmlinuz initramfs.img
line=8388608 # bytes per second: the pull takes more than a minute
move_source debian12 "$line"
disk="$WORK/target.img"
blank_disk "$disk" 4G
job="rehost.source=$(source_uri "$source_port") rehost.disk=auto rehost.confirm=yes rehost.after=poweroff"

appliance_start first "$job" disk="$disk"
must "the pull begins" expect first '==> pull: ' "$((2 * START_SECONDS))"
must "bytes arrive" disk_grows_to "$disk" 80 "$MOVE_SECONDS"
source_kill debian12
must "a lost source is said" expect first 'the source has been gone for' "$START_SECONDS"
source_serve debian12 "$source_image" "$source_port" "$line"
must "the pull goes on by itself when it is back" disk_grows_to "$disk" 250 "$MOVE_SECONDS"

machine_kill first
must "after a power cut the disk does not boot" disk_does_not_boot "$disk"
source_kill debian12
source_serve debian12 "$source_image" "$source_port"
appliance_start second "$job" disk="$disk"
must "the machine started again goes on with the pull" expect second 'were here from an earlier run' "$MOVE_SECONDS"
must "and the move ends" expect second 'rehost: switching this machine off' "$MOVE_SECONDS"
must "the machine switches itself off" machine_wait_off second "$START_SECONDS"

moved_start disk="$disk"
moved_claims moved "$ssh_port" "after an interrupted move"
move_done

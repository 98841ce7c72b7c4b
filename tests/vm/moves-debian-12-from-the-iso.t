#!/bin/bash
# The canonical move, as a person does it: the ISO in a blank machine, three answers on its console, and the same machine
# is the server.
# always
# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

appliance_prerequisites rehost.iso
move_source debian12
disk="$WORK/target.img"
blank_disk "$disk" 4G
port_reserve ssh_port
time_start

machine_start target target disk="$disk" cdrom="$OUT/rehost.iso" boot=once=d ssh="$ssh_port"
must "the ISO starts the appliance" expect target '==> hardware: ' "$START_SECONDS"
time_stage 'power-on to rehost'
must "it asks for the source" answer target 'Source \([^)]*\): ' "$START_SECONDS" "$(source_uri "$source_port")"
must "it asks for the disk" answer target 'Disk \([^)]*\): ' "$START_SECONDS" /dev/vda
must "it names the drivers and the network card that the plan is about" expect target 'lan0' "$START_SECONDS"
must "it says what will be destroyed" expect target 'ALL OF THIS WILL BE DESTROYED' "$START_SECONDS"
must "it asks for a yes" answer target 'Type yes to [^:]*: ' "$START_SECONDS" yes
time_stage 'questions'
move_stages target
moved_claims_for_good target "$ssh_port"
move_done

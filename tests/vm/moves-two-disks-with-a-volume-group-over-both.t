#!/bin/bash
# A server whose root and /srv each lie on two disks, in one volume group, moves to a machine with two controllers that finds the disks in another order.
# The machine loses its power in the middle of the pull, and again in the middle of the fix-up: nothing of what had arrived is sent again.
# minutes: 6
# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

appliance_prerequisites vmlinuz initramfs.img
line=6291456 # bytes per second of each source: the pull takes more than a minute
move_image two
second_source=$(second_image "$source_image")
second_digest=$(image_digest "$second_source")
port_reserve second_port
first="$WORK/first.img" second="$WORK/second.img"
blank_disk "$first" 4G
blank_disk "$second" 1G

# disks FIRST SECOND [OPTIONS]: what was sda becomes nvme0n1, and what was sdb is sda.
disks() {
    local drive=if=none,format=raw,cache=unsafe,discard=unmap${3:+,$3}
    echo "extra=-device virtio-scsi-pci,id=scsi0 -drive $drive,id=data,file=$2 -device scsi-hd,bus=scsi0.0,drive=data,serial=DATA -drive $drive,id=system,file=$1 -device nvme,drive=system,serial=SYSTEM,bootindex=1"
}
serve_both() {
    source_serve two "$source_image" "$source_port" "$@"
    source_serve second "$second_source" "${second_port:?}" "$@"
}
neither_boots() { disk_does_not_boot "$first" && disk_does_not_boot "$second"; }
is_held_back() { [ "$(od -An -tx1 -N4 "$1")" = ' cd 18 eb fe' ]; } # INT 18h: the firmware's next disk
both_are_held_back() { is_held_back "$first" && is_held_back "$second"; }

unmoved_finds_no_root /dev/mapper/old--vg-root disk= "$(disks "$source_image" "$second_source" snapshot=on)"

serve_both "$line"
appliance_start first '' "$(disks "$first" "$second")"
must "it asks for the source" answer first 'Source \([^)]*\): ' "$((2 * START_SECONDS))" "$(source_uri "$source_port")"
must "it asks for the disk" answer first 'Disk \([^)]*\): ' "$START_SECONDS" SYSTEM
must "it asks whether there is another disk" answer first 'Another disk of this server [^:]*: ' "$START_SECONDS" "$(source_uri "${second_port:?}")"
must "... and where that goes" answer first "Disk for [^ ]* \([^)]*\): " "$START_SECONDS" DATA
must "it asks for a yes to both" answer first 'Type yes to overwrite /dev/nvme0n1 and /dev/sda: ' "$START_SECONDS" yes
must "the first disk has a bar" expect first 'nvme0n1 +\[[#.]+\]' "$MOVE_SECONDS"
must "the second has one, too" expect first 'sda +\[[#.]+\]' "$START_SECONDS"
must "... and both together" expect first 'all +\[[#.]+\]' "$START_SECONDS"
must "bytes of the first arrive" disk_grows_to "$first" 120 "$MOVE_SECONDS"
must "... and of the second" disk_grows_to "$second" 60 "$MOVE_SECONDS"
machine_kill first
tries "after a power cut neither boots" neither_boots

source_kill two
source_kill second
serve_both
job="rehost.source=$(source_uri "$source_port") rehost.disk=auto rehost.source2=$(source_uri "${second_port:?}") rehost.disk2=auto rehost.confirm=yes rehost.after=poweroff"
appliance_start second "$job" "$(disks "$first" "$second")"
must "started again, each finds its target by the size, and goes on" expect second '/dev/nvme0n1: .* were here from an earlier run' "$MOVE_SECONDS"
must "... the second, too" expect second '/dev/sda: .* were here from an earlier run' "$START_SECONDS"
must "the system that is on both is changed" expect second 'run update-initramfs' "$MOVE_SECONDS"
machine_kill second
tries "after a power cut in the middle of that both are held back" both_are_held_back

appliance_start third "$job" "$(disks "$first" "$second")"
must "started again, nothing of the first has to be copied" expect third '/dev/nvme0n1: nothing had to be copied' "$MOVE_SECONDS"
must "... nor of the second, which has no boot sector" expect third '/dev/sda: nothing had to be copied' "$START_SECONDS"
must "what was begun is taken back first" expect third 'an earlier run was cut off in the middle of this' "$MOVE_SECONDS"
must "it proves that the initrd drives both disks" expect third '/dev/sda by .*virtio_scsi.*, there too' "$MOVE_SECONDS"
must "the move ends" expect third 'rehost: switching this machine off' "$MOVE_SECONDS"
must "the machine switches itself off" machine_wait_off third "$START_SECONDS"

moved_start "$(disks "$first" "$second")"
moved_claims moved "$ssh_port" "after the move" guest_runs_on /dev/mapper/old--vg-root virtio_net
lies_on_both() {
    local seen
    seen=$(guest_run "$ssh_port" 'findmnt -n -o SOURCE / && findmnt -n -o SOURCE /srv && lvs --noheadings -o devices old-vg')
    echo "$seen"
    [[ $seen == /dev/mapper/old--vg-root*/dev/mapper/old--vg-srv*/dev/nvme0n1p5*/dev/sda\(* ]]
}
tries "its root and /srv lie on both disks" lies_on_both
tries "what is in /srv is what was there" guest_run "$ssh_port" 'cd /srv && sha256sum -c sum'
tries "the source's second disk is bit for bit what it was" image_is "$second_source" "$second_digest"
move_done

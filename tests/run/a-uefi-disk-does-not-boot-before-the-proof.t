#!/bin/bash
# The source has a GPT, and nothing on its EFI system partition, which shows when the chain is proved: until then no UEFI finds a
# partition on the target, though rehost does. Once it is mended, the same job goes on, and the GPT is the source's again.
# shellcheck source=tests/run/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

real_server
HARDWARE=$TOP/tests/hardware/qemu-q35-uefi.json
command -v mkfs.vfat >/dev/null || skip_all "mkfs.vfat is not installed"

# The server's root becomes partition 1 of a GPT, behind it an EFI system partition, which need not be mounted here.
START_MIB=1
ROOT_MIB=$(($(stat -c %s "$IMAGE") / 1048576 - START_MIB))
make_source() {
    truncate -s $((START_MIB + ROOT_MIB + 34))M "$1"
    sfdisk -q "$1" <<-EOT
	label: gpt
	start=${START_MIB}MiB, size=${ROOT_MIB}MiB, type=linux
	size=32MiB, type=uefi
	EOT
    dd if="$IMAGE" of="$1" bs=1M skip=$START_MIB seek=$START_MIB conv=notrunc,sparse status=none
}
mend() { mkfs.vfat -F 16 --offset=$(((START_MIB + ROOT_MIB) * 2048)) "$1" $((32 * 1024)) >/dev/null; }

# protective_start FILE: where the partition of type EE begins.
protective_start() { [ "$(od -An -tx1 -j450 -N1 "$1")" = " ee" ] && od -An -tu4 -j454 -N4 "$1" | tr -d ' '; }
starts_at() { [ "$(protective_start "$1")" = "$2" ] || { echo "it starts at $(protective_start "$1")"; return 1; }; }
sees_both_partitions() { "$REHOST" inspect --json "$1" | python3 -c 'import json, sys; sys.exit([p["number"] for p in json.load(sys.stdin)["disk"]["partitions"]] != [1, 2])'; }

must "a disk with a GPT is made" make_source "$WORK/source"
blank_image "$WORK/target" 3200M
source_start "$WORK/source"
job "source=$SOURCE" "disk=$WORK/target" "confirm=yes"
tries "UEFI finds the GPT of the source" starts_at "$WORK/source" 1
tries "the move ends with status 1" runs 1 -- --job "$JOB" --hardware "$HARDWARE"
tries "it fails at the proof" shows '^!!! FAILED at prove: the boot chain is broken at "firmware": the EFI system partition 2 .*holds no FAT'
tries "no UEFI finds the GPT of the target" starts_at "$WORK/target" 2
tries "rehost does" sees_both_partitions "$WORK/target"
tries "no BIOS finds the boot code of the target" other_boot_code "$WORK/source" "$WORK/target"

mend "$WORK/target"
tries "once it is mended, the same job goes to its end" runs 0 -- --job "$JOB" --hardware "$HARDWARE"
tries "nothing had to be copied" shows 'nothing had to be copied'
tries "the target's first MiB is the source's" cmp -n 1048576 "$WORK/source" "$WORK/target"
tap_done

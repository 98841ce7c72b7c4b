#!/bin/bash
# shellcheck disable=SC2016 # what stands in single quotes runs in the appliance
# A guest whose files lie and whose programs attack. In the appliance: each thing it can do at worst ends with a word about it, in time, and changes
# nothing of the appliance, of another disk, and in the end of the guest. Then it is moved all the same, and boots.
# minutes: 7
# shellcheck source=tests/image/lib/image.sh
. "$(dirname "$0")/../image/lib/image.sh"

claim() { tries "$1" shell_true inside "$2"; }
needed() { must "$1" shell_true inside "$2"; }

# prepared DISK: the disk of the usual guest, as the attacker leaves it.
prepared() {
    cp --sparse=always "$(guest_image debian12)" "$1"
    mkdir -p "$WORK/mount"
    unshare --mount --propagation private sh -euc '
        loop=$(losetup --find --show --offset 1048576 "$1")
        trap "losetup --detach $loop" EXIT
        mount "$loop" "$2"
        "$3" "$2"
        umount "$2"' prepared "$1" "$WORK/mount" "$VM_DIR/guests/hostile/prepare"
}

disk=$WORK/hostile.img other=$WORK/other.img
appliance_prerequisites vmlinuz initramfs.img
must "the guest is prepared" prepared "$disk"
blank_disk "$other" 64M

boot_shell inside disk="$disk" disk_options=snapshot=on disk2="$other"
type_text inside 'in_guest() { mount -t ext4 /dev/vda1 /mnt && (cd /mnt && eval "$1"); r=$?; umount /mnt && return $r; }'
type_text inside 'digests() { find / -xdev -type f ! -path "/run/*" ! -path "/tmp/*" ! -name .ash_history | sort | xargs sha256sum; }'
type_text inside 'fix_ends() { rehost fix /dev/vda >/run/said 2>&1; s=$?; tail -n 5 /run/said | cut -c 1-400; [ $s = $1 ] && grep -qE "$2" /run/said; }'
needed "the digests of all files of the appliance" 'digests >/run/before'
needed "the digests of what rehost may change" 'in_guest "find etc boot var/lib/initramfs-tools -xdev -type f ! -name \*sparse\* ! -name \*owned\* ! -name \*prove\* | sort | xargs sha256sum >/run/guest-before"'

# refuses CLAIM COMMAND-IN-GUEST ERE: made so, it is refused with these words; then it is as before.
refuses() {
    must "$1: made so" shell_true inside "in_guest 'mv etc/fstab etc/fstab.own && $2'"
    claim "$1: it is refused with a word about it" "fix_ends 3 '$3'"
    must "$1: put back" shell_true inside "in_guest 'rm etc/fstab && mv etc/fstab.own etc/fstab'"
}
refuses "fstab is a FIFO" 'mkfifo etc/fstab' '/etc/fstab'
refuses "fstab is a node of a watchdog" 'mknod etc/fstab c 10 130' '/etc/fstab'
refuses "fstab links to itself" 'ln -s fstab etc/fstab' '/etc/fstab'
refuses "fstab has 1 TB" 'truncate -s 1024G etc/fstab' '/etc/fstab'

# attacks TRAP STATUS ERE
attacks() {
    must "trap $1: set" shell_true inside "in_guest 'echo $1 >etc/trap'"
    claim "trap $1: the fix ends, and says why" "fix_ends $2 '$3'"
    claim "trap $1: nothing of it runs on" '! ps | grep -E "[s]leep 100000|[p]erl|[u]pdate-" && ! grep " /mnt\| /run/rehost" /proc/mounts'
}
attacks bomb 1 'was held to 1024 processes|more than the .* of memory that this machine can spare'
attacks memory 1 'more than the .* of memory that this machine can spare'
attacks stop 1 'owned. said at the end|owned'
claim "what it printed commands no terminal" '! grep "$(printf "\033")" /run/said && grep -F "?[31;7mowned" /run/said'
claim "its programs got nowhere" 'in_guest "cat root/attack.log; grep finished root/attack.log && ! grep ESCAPED root/attack.log"'
claim "nothing of it was run outside of it" '[ ! -e /ran-by-a-reader ]'
claim "what was changed in the guest is as before" 'in_guest "echo escape >etc/trap; sha256sum -c /run/guest-before >/run/said || { grep -v OK /run/said; false; }"'
claim "the appliance's own files are as before" 'digests >/run/after; diff /run/before /run/after'
machine_kill inside
tries "the other disk is untouched" disk_is_untouched "$other"
time_stage 'attacks'

move_file "$disk"
source_serve hostile "$disk" "$source_port"
blank_disk "$WORK/target.img" 4G
appliance_start move "rehost.source=$(source_uri "$source_port") rehost.disk=/dev/vda rehost.confirm=yes rehost.after=poweroff" disk="$WORK/target.img" disk2="$other"
must "the appliance starts" expect move '==> hardware: ' "$START_SECONDS"
move_stages move
must "the machine switches itself off" machine_wait_off move "$START_SECONDS"
tries "the guest's words are shown" serial_printed move '[?][[]31;7mowned'
tries "... and command no terminal" says_nowhere move $'\e[]]0;owned|\e[[]31;7mowned|\e[[]2J'
tries "no line of its own passes for one of ours" says_nowhere move '==> prove: it will boot'
tries "the other disk is untouched" disk_is_untouched "$other"
tries "the source is bit for bit what it was" image_is "$disk" "$source_digest"

got_nowhere() {
    local log
    log=$(guest_run "$1" cat /root/attack.log)
    echo "$log"
    [[ $log == *finished* && $log != *ESCAPED* ]]
}
moved_start disk="$WORK/target.img"
moved_claims_once moved "$ssh_port"
tries "its programs got nowhere" got_nowhere "$ssh_port"
time_stage 'first boot'
tap_done

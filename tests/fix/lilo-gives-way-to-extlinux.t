#!/bin/bash
# A Debian that LILO starts from the disk's first sector: extlinux takes its place, the first sector starts the partition that it is in, none of the guest's
# own hooks runs LILO again, and all of it can be taken back, boot sectors included.
set -euo pipefail
# shellcheck source=tests/fix/lib/fix.sh
. "$(dirname "$0")/lib/fix.sh"
needs_guest lilo
command -v extlinux >/dev/null || skip_all "extlinux is not installed"
[ -r /usr/lib/syslinux/mbr/mbr.bin ] || skip_all "syslinux-common is not installed"

CONFIG=/boot/extlinux/extlinux.conf
PARTITION=1048576

first_sector() { dd if="$WORK/disk" bs=512 count=1 status=none; }
sectors() { first_sector; dd if="$WORK/disk" bs=512 skip=$((PARTITION / 512)) count=1 status=none; }
begins_with_lilo() { first_sector | head -c 16 | grep -aq LILO && ! has_an_active_partition; }
starts_the_active_partition() { first_sector | cmp -n 440 - /usr/lib/syslinux/mbr/mbr.bin && has_an_active_partition; }
has_an_active_partition() { sfdisk --quiet --dump "$WORK/disk" | grep ', bootable'; }
table() { sfdisk --quiet --dump "$WORK/disk" | sed 's/, bootable//'; }
proves() { "$REHOST" prove --hardware "$MACHINE" "$WORK/disk"; }
does_not_prove() { ends_with 3 "it is LILO that is started" proves; }
holds() { ends_with 0 'Every link holds' proves; }
config() { mounted ro,noload cat "$MOUNT$CONFIG"; }

# The hooks that dpkg runs after a kernel came, but for the one that makes the initramfs.
run_hooks() {
    local images=("$MOUNT"/boot/vmlinuz-*)
    chroot "$MOUNT" run-parts --exit-on-error --regex='^zz-' --verbose --arg="${images[0]##*/vmlinuz-}" --arg="${images[0]#"$MOUNT"}" /etc/kernel/postinst.d
}
kernel_came() { ends_with 0 lilo mounted rw run_hooks; }
menu_names_the_links() { config | tee "$WORK/menu" && grep -q 'LINUX /vmlinuz$' "$WORK/menu" && grep -q 'INITRD /initrd.img$' "$WORK/menu"; }
menu_names_the_kernel() { config | tee "$WORK/menu" && grep -Eq '^DEFAULT 5\.10\.' "$WORK/menu" && grep -Eq 'LINUX /boot/vmlinuz-5\.10\.' "$WORK/menu"; }
root_is_by_uuid() { config | grep APPEND >"$WORK/menu" && ! grep -v 'root=UUID=' "$WORK/menu"; }

tries "LILO stands in the first sector, and no partition is active" begins_with_lilo
tries "the chain is not proved while LILO starts it" does_not_prove
remember before
sectors >"$WORK/sectors.before"
table >"$WORK/table.before"
must "the fix is carried out, and planned anew nothing is left" ends_with 0 "nothing is left to be changed" fix
tries "the first sector starts the partition" starts_the_active_partition
tries "... and the partition table is as it was" diff "$WORK/table.before" <(table)
tries "every link of the boot chain holds" holds
tries "the menu starts the links to the newest kernel" menu_names_the_links
tries "... with the root by its UUID" root_is_by_uuid
tries "a second fix has nothing to change" ends_with 0 "nothing has to be changed" fix
first_sector >"$WORK/first.fixed"
tries "the guest's own hooks for kernels run, LILO's among them" kernel_came
tries "... and the kernel that came is the default" menu_names_the_kernel
tries "... with the root by its UUID" root_is_by_uuid
tries "... and LILO is not back in the first sector" cmp "$WORK/first.fixed" <(first_sector)
tries "every link still holds" holds
tries "the fix is taken back" ends_with 0 "taken back" fix --undo
remember undone
tries "every file is as it was" same before undone
tries "... and both boot sectors are" cmp "$WORK/sectors.before" <(sectors)
tap_done

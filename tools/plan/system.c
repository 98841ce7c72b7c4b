/* Is there one whole system on the disk, made for this machine's firmware, that fits on this machine's disk? */
#include <string.h>

#include "../base/cleanup.h"
#include "../guest/boot/esp.h"
#include "../guest/devices.h"
#include "../pull/pull.h"
#include "planning.h"

/* What file systems lie in; NULL: it was looked into, or is no such. */
static const char *container_name(const struct partition *part)
{
    static const char *const names[][2] = {
        {"LVM2_member", "an LVM volume group"}, {"linux_raid_member", "a RAID array"}, {"crypto_LUKS", "an encrypted volume (LUKS)"},
        {"zfs_member", "a ZFS pool"},           {"isw_raid_member", "a firmware RAID"}, {"ddf_raid_member", "a firmware RAID"}};
    for (size_t i = 0; !part->opened && i < sizeof names / sizeof *names; i++)
        if (string_is(part->fs_type, names[i][0]))
            return names[i][1];
    return part->closed && string_is(part->fs_type, "btrfs") ? "a part of a btrfs" : NULL;
}

/* Does the guest need what is inside of those that were not opened? A volume is named /dev/mapper/x, /dev/vg/x, /dev/md0. */
static bool fstab_needs_containers(const struct guest *guest)
{
    for (size_t i = 0; i < guest->fstab_count; i++) {
        const char *spec = guest->fstab[i].spec;
        bool volume = string_starts(spec, "/dev/") && strchr(spec + 5, '/') && !string_starts(spec, "/dev/disk/") && !device_name_is_unstable(spec);
        if ((volume || string_starts(spec, "/dev/md") || string_starts(spec, "/dev/dm-")) && !guest_partition_of(&guest->disk, spec))
            return true;
    }
    return guest->root_fd < 0;
}

/* A btrfs of which not all devices came along is named by any of them: all have its UUID. */
static bool fstab_names(const struct guest *guest, const struct partition *part)
{
    for (size_t i = 0; part->uuid && i < guest->fstab_count; i++) {
        const char *spec = guest->fstab[i].spec;
        const struct partition *found = guest_find_partition(guest, spec), *named = device_partition(guest, spec);
        if ((found && string_is(found->uuid, part->uuid)) || (named && string_is(named->uuid, part->uuid)))
            return true;
    }
    return false;
}

static void find_containers(struct planning *planning)
{
    const struct guest *guest = planning->guest;
    const struct partition *part;
    bool needed = fstab_needs_containers(guest);
    for (size_t i = 0; (part = guest_part(guest, i)); i++) {
        const char *container = container_name(part);
        cleanup_free char *words = guest_part_words(guest, part);
        if (container && (needed || fstab_names(guest, part)))
            planning_block(planning, "name all disks of the server; `rehost inspect` shows what was found; mend on the source what keeps it closed, or move the server in another way.",
                           "%s holds %s, which the system needs, and it cannot be looked into%s%s", words, container, part->closed ? ": " : "", part->closed ? part->closed : "");
        else if (container)
            planning_note(planning, "%s holds %s, which is moved as it is", words, container);
    }
}

static void find_damage(struct planning *planning)
{
    const struct partition *part;
    for (size_t i = 0; (part = guest_part(planning->guest, i)); i++)
        if (part->problem) {
            cleanup_free char *words = guest_part_words(planning->guest, part);
            cleanup_free char *way_out =
                checked_printf("run the file system check on the source (fsck -f, with %s not mounted), and start again.", part->mount_point ? part->mount_point : "it");
            planning_block(planning, way_out, "the file system on %s is damaged: %s", words, part->problem);
        }
}

/* A 64-bit PC runs 32-bit systems as well, when its firmware is a BIOS. */
static void find_other_processor(struct planning *planning)
{
    const char *guest = planning->guest->system.machine, *here = planning->hardware->machine;
    if (!guest || !here || string_is(guest, here))
        return;
    bool old_pc = string_is(here, "x86_64") && guest[0] == 'i' && string_ends(guest, "86");
    if (!old_pc)
        planning_block(planning, "move it to a machine with that processor.", "the system is made for %s, and this machine is %s", guest, here);
}

void plan_system(struct planning *planning)
{
    const struct guest *guest = planning->guest;
    find_containers(planning);
    find_damage(planning);
    for (size_t i = 0; i < guest->notes.count; i++)
        planning_note(planning, "%s", guest->notes.items[i]);
    if (guest->systems.count > 1) {
        cleanup_free char *both = strings_join(&guest->systems, " and ");
        planning_block(planning, "leave only one of them on the disk.", "there is more than one system on %s: on %s", guest->what, both);
    } else if (guest->root_fd < 0)
        planning_block(planning, "check that this is the disk the server boots from.", "there is no system on %s", guest->what);
    else {
        find_other_processor(planning);
        if (!guest->system.family)
            planning_warn(planning, "look at `rehost prove` after the fix.", "%s is not of a family that rehost knows; only what its files tell is changed",
                          guest->system.pretty_name ? guest->system.pretty_name : "the system");
    }
}

void plan_firmware(struct planning *planning)
{
    const struct guest_disk *disk = &planning->guest->disk;
    if (!disk->device) /* a directory: nothing is known of its disk */
        return;
    if (guest_disk_is_bare(disk) && !planning->guest->writable)
        planning_note(planning, "the guest's disk has no partition table, only a file system (%s): that becomes partition 1 of a new table (MBR) on this machine's disk",
                      disk->partitions[0].fs_type);
    else if (guest_disk_is_bare(disk)) {
        planning_block(planning, "copy it with `rehost pull --into-partition`, or with `rehost run`, which does so by itself.",
                       "%s has no partition table, so no firmware can start it", planning->guest->what);
        return;
    } else if (!disk->table) {
        planning_block(planning, "move it to a disk with a partition table and a boot loader first.", "%s has no partition table, so no firmware can start it",
                       planning->guest->what);
        return;
    }
    bool gpt = disk->table && string_is(disk->table, "gpt");
    bool esp = esp_of(disk);
    bool for_bios = gpt ? disk_has_bios_boot(disk) : true;
    if (planning->hardware->firmware == FIRMWARE_UEFI && !esp)
        planning_block(planning, "switch this machine's firmware to BIOS (legacy, CSM, SeaBIOS, generation 1).",
                       "the system starts by BIOS (it has no EFI system partition), and this machine's firmware is UEFI");
    if (planning->hardware->firmware == FIRMWARE_BIOS && esp && !for_bios)
        planning_block(planning, "switch this machine's firmware to UEFI (OVMF, generation 2).",
                       "the system starts by UEFI (its GPT has no BIOS boot partition), and this machine's firmware is BIOS");
}

static void compare_sizes(struct planning *planning, const struct guest_disk *from, uint64_t table, const struct hardware_disk *to)
{
    cleanup_free char *needed = size_for_people(from->size_bytes), *has = size_for_people(to->size_bytes);
    if (from->size_bytes > to->size_bytes)
        planning_block(planning, "give this machine a disk of at least the same size.", "%s has %s (%llu bytes), and the guest's disk has %s (%llu bytes)", to->device,
                       has, (unsigned long long)to->size_bytes, needed, (unsigned long long)from->size_bytes);
    else if (from->size_bytes + table > to->size_bytes)
        planning_block(planning, "give this machine a disk that is larger by 1 MiB or more.",
                       "%s has %llu bytes, and the guest's file system of %llu bytes goes into a partition, behind %llu bytes for a partition table", to->device,
                       (unsigned long long)to->size_bytes, (unsigned long long)from->size_bytes, (unsigned long long)table);
    if (from->sector_bytes && to->sector_bytes && from->sector_bytes != to->sector_bytes)
        planning_block(planning, "give this machine a disk with the same logical sector size.",
                       "%s has sectors of %u bytes, and the guest's disk has sectors of %u bytes: its partition table does not fit", to->device, to->sector_bytes,
                       from->sector_bytes);
}

void plan_disk(struct planning *planning)
{
    const struct hardware_disk *disk = planning->plan->disk;
    if (!disk)
        planning_block(planning, "give this machine a disk.", "this machine has no disk that a system could be put on");
    else if (planning->guest->disk.size_bytes)
        compare_sizes(planning, &planning->guest->disk, guest_disk_is_bare(&planning->guest->disk) ? PULL_PARTITION_START : 0, disk);
    for (size_t i = 0; i < planning->guest->other_count; i++)
        if ((disk = planning_disk(planning, i + 1)))
            compare_sizes(planning, &planning->guest->others[i].disk, 0, disk);
}

/* See volumes.h. */
#include "volumes.h"

#define DEPTH_MAX 4 /* LVM in LUKS in a RAID in partitions, and one more */

/* What file systems lie in without being seen. */
static bool is_container(const struct partition *partition)
{
    static const char *const types[] = {"LVM2_member", "LVM1_member", "linux_raid_member", "crypto_LUKS",
                                        "zfs_member",  "bcache",      "isw_raid_member",   "ddf_raid_member"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (string_is(partition->fs_type, types[i]))
            return true;
    return false;
}

static void say_where(struct guest_disk *disk, unsigned number)
{
    for (size_t i = 0; i < disk->partition_count; i++)
        disk->partitions[i].disks = 1u << number;
}

/* Each round opens what the one before has brought to light. */
void volumes_open(struct guest *guest, enum guest_access access)
{
    say_where(&guest->disk, 0);
    for (unsigned i = 0; i < guest->other_count; i++)
        say_where(&guest->others[i].disk, i + 1);
    for (unsigned depth = 0; depth < DEPTH_MAX; depth++) {
        size_t before = guest->disk.volume_count;
        md_open(guest, access);
        luks_open(guest, access);
        lvm_open(guest, access);
        if (guest->disk.volume_count == before)
            break;
    }
    btrfs_open(guest);
    struct partition *part;
    for (size_t i = 0; (part = guest_part(guest, i)); i++)
        if (is_container(part))
            volume_stays_closed(part, "rehost does not look into such");
}

int volumes_close(struct guest *guest, struct error *err)
{
    int result = volumes_take_apart(guest, err);
    volume_undo_forget(guest->attachment);
    volume_windows_close(guest->attachment);
    return result;
}

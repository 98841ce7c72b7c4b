/* See hardware.h: which disk of this machine a plan or a proof is about. */
#include "hardware.h"

const struct hardware_disk *hardware_disk_named(const struct hardware *hardware, const char *name)
{
    for (size_t i = 0; name && i < hardware->disk_count; i++)
        if (string_is(hardware->disks[i].name, name) || string_is(hardware->disks[i].device, name))
            return &hardware->disks[i];
    return NULL;
}

const struct hardware_disk *hardware_choose_disk(const struct hardware *hardware, const char *wanted, const char *own)
{
    const struct hardware_disk *chosen = hardware_disk_named(hardware, wanted ? wanted : own);
    for (size_t i = 0; !wanted && !chosen && i < hardware->disk_count; i++) {
        const struct hardware_disk *disk = &hardware->disks[i];
        if (!disk->medium && !disk->removable && !disk->read_only)
            chosen = disk;
    }
    return chosen;
}

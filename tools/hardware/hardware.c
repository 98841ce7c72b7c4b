/* See hardware.h. */
#include "hardware.h"

#include <stdlib.h>

const char *firmware_name(enum firmware firmware)
{
    return firmware == FIRMWARE_UEFI ? "UEFI" : "BIOS";
}

static void free_disk(struct hardware_disk *disk)
{
    free(disk->name);
    free(disk->device);
    free(disk->model);
    free(disk->serial);
    free(disk->driver);
    strings_free(&disk->modaliases);
}

static void free_nic(struct hardware_nic *nic)
{
    free(nic->name);
    free(nic->mac);
    free(nic->driver);
    strings_free(&nic->modaliases);
    free(nic->sights);
}

void hardware_free(struct hardware *hardware)
{
    for (size_t i = 0; i < hardware->disk_count; i++)
        free_disk(&hardware->disks[i]);
    for (size_t i = 0; i < hardware->nic_count; i++)
        free_nic(&hardware->nics[i]);
    free(hardware->disks);
    free(hardware->nics);
    free(hardware->machine);
    free(hardware->vendor);
    free(hardware->product);
    *hardware = (struct hardware){0};
}

/* See disks.h. */
#include "disks.h"

#include <limits.h>
#include <stdlib.h>

#include "../base/cleanup.h"
#include "../base/same_place.h"

/* The label of our ISO, which is an ISO on a USB stick too; such a stick is a disk like any other otherwise. */
#define MEDIUM_LABEL "REHOST"

char *disk_taken(const struct run *run, unsigned i, const char *path)
{
    for (unsigned k = 0; k < run->disk_count; k++) {
        if (source_reads(&run->disks[k].source, path))
            return checked_printf("%s is read from it", run->job.disks[k].source);
        if (k != i && run->disks[k].target.device && is_same_place(run->disks[k].target.device, path))
            return checked_printf("%s goes there", run->job.disks[k].source);
    }
    return NULL;
}

static char *find_problem(const struct run *run, unsigned i, const struct hardware_disk *disk)
{
    uint64_t source_bytes = run->state.disks[i].source_bytes;
    if (run->hardware_file) /* a device of the same name here is another disk */
        return checked_printf("it is not of this machine, but described by %s", run->hardware_file);
    if (disk->read_only)
        return checked_copy("it is read-only");
    if (disk->size_bytes < source_bytes) {
        cleanup_free char *size = size_for_people(source_bytes);
        return checked_printf("it is smaller than the source (%llu bytes, the source has %llu: %s)", (unsigned long long)disk->size_bytes,
                              (unsigned long long)source_bytes, size);
    }
    cleanup_free char *label = disk_label(disk->device);
    if (string_is(label, MEDIUM_LABEL))
        return checked_copy("it is the medium that rehost starts from");
    char *taken = disk_taken(run, i, disk->device);
    return taken ? taken : disk_in_use(disk->device);
}

int candidates_find(struct run *run, unsigned number, struct candidates *list, struct error *err)
{
    *list = (struct candidates){0};
    hardware_free(&run->hardware);
    run->hardware = (struct hardware){0};
    if (hardware_of(run->hardware_file, &run->hardware, err) < 0)
        return -1;
    list->items = checked_alloc(run->hardware.disk_count * sizeof *list->items);
    for (size_t i = 0; i < run->hardware.disk_count; i++) {
        const struct hardware_disk *disk = &run->hardware.disks[i];
        if (disk->medium || !disk->size_bytes)
            continue;
        struct candidate *candidate = &list->items[list->count++];
        *candidate = (struct candidate){.disk = disk, .problem = find_problem(run, number, disk)};
        candidate->content = run->hardware_file ? checked_copy("what only that machine knows") : disk_content(disk->device);
        list->usable += !candidate->problem;
    }
    return 0;
}

void candidates_free(struct candidates *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].problem);
        free(list->items[i].content);
    }
    free(list->items);
    *list = (struct candidates){0};
}

const struct candidate *candidates_named(const struct candidates *list, const char *word)
{
    char resolved[PATH_MAX];
    const char *device = realpath(word, resolved) ? resolved : word;
    for (size_t i = 0; i < list->count; i++) {
        const struct hardware_disk *disk = list->items[i].disk;
        if (string_is(disk->device, device) || string_is(disk->name, word) || string_is(disk->serial, word))
            return &list->items[i];
    }
    return NULL;
}

const struct candidate *candidates_numbered(const struct candidates *list, size_t number)
{
    for (size_t i = 0; i < list->count; i++)
        if (!list->items[i].problem && --number == 0)
            return &list->items[i];
    return NULL;
}

char *hardware_disks_key(const struct hardware *hardware)
{
    struct text key = {0};
    for (size_t i = 0; i < hardware->disk_count; i++)
        text_printf(&key, "%s:%llu ", hardware->disks[i].name, (unsigned long long)hardware->disks[i].size_bytes);
    return text_take(&key);
}

/* used_find: from the disk's partitions to what is free in whatever they hold. See used.h. */
#include <stdlib.h>

#include "../base/cleanup.h"
#include "../guest/attach.h"
#include "../pull/bytes.h"
#include "file_systems.h"
#include "search.h"

/* The line of a volume; the strings are copied. */
static struct used_volume *add_line(struct used_map *map, unsigned depth, const char *name, const char *what, uint64_t size_bytes)
{
    map->volumes = checked_grow(map->volumes, map->volume_count + 1, sizeof *map->volumes);
    struct used_volume *line = &map->volumes[map->volume_count++];
    *line = (struct used_volume){depth, checked_copy(name), checked_copy(what), size_bytes, size_bytes, NULL};
    return line;
}

void search_volume(struct search *search, const struct volume *volume)
{
    size_t line = search->map->volume_count;
    uint64_t before = free_ranges_bytes(&search->on_disk);
    add_line(search->map, volume->depth, volume->name, volume->fs_type, volume->size_bytes);
    char *why = file_system_find_free(volume, &search->on_disk);
    uint64_t found = most(free_ranges_bytes(&search->on_disk), before) - before; /* less when the smallest were forgotten meanwhile */
    search->map->volumes[line].travels_bytes -= least(found, volume->size_bytes);
    search->map->volumes[line].why_whole = why;
}

static bool overlaps_another(const struct guest_disk *disk, const struct partition *partition)
{
    for (size_t i = 0; i < disk->partition_count; i++) {
        const struct partition *other = &disk->partitions[i];
        if (other != partition && !partition_is_extended(other) && other->offset_bytes < partition->offset_bytes + partition->size_bytes &&
            partition->offset_bytes < other->offset_bytes + other->size_bytes)
            return true;
    }
    return false;
}

static void search_partition(struct search *search, const struct partition *partition)
{
    const struct guest_disk *disk = &search->guest->disk;
    cleanup_free char *name = disk->table ? checked_printf("partition %u", partition->number) : checked_copy("the whole disk");
    const char *why = partition->problem ? partition->problem : overlaps_another(disk, partition) ? "it overlaps another partition" : NULL;
    if (why || !partition->device) {
        add_line(search->map, 0, name, partition->fs_type, partition->size_bytes)->why_whole = checked_copy(why ? why : "it cannot be read");
        return;
    }
    struct volume volume = volume_plain(name, partition->device, partition->fs_type, partition->offset_bytes, partition->size_bytes);
    search_volume(search, &volume);
    volume_drop(&volume);
}

/* Boot loaders and the metadata of firmware RAIDs live there: it travels. */
static void add_rest(struct used_map *map, uint64_t partitioned_bytes)
{
    if (partitioned_bytes >= map->disk_bytes)
        return;
    uint64_t rest = map->disk_bytes - partitioned_bytes;
    add_line(map, 0, map->volume_count ? "outside of them" : "the whole disk", NULL, rest)->why_whole =
        checked_copy(map->volume_count ? "boot loaders and tables live there" : "what is in it is not known");
}

int used_find(const struct guest *guest, struct used_map *map, struct error *err)
{
    *map = (struct used_map){.disk_bytes = guest->disk.size_bytes};
    struct search search = {.guest = guest, .map = map};
    uint64_t partitioned_bytes = 0;
    for (size_t i = 0; i < guest->disk.partition_count; i++) {
        const struct partition *partition = &guest->disk.partitions[i];
        if (partition_is_extended(partition))
            continue; /* its logical partitions stand for themselves */
        search_partition(&search, partition);
        partitioned_bytes += partition->size_bytes;
    }
    add_rest(map, partitioned_bytes);
    map->in_use = free_ranges_left(&search.on_disk, map->disk_bytes);
    free_ranges_drop(&search.on_disk);
    if (attach_answers(guest, err) == 0)
        return 0;
    used_free(map);
    return -1;
}

int used_find_in(const struct source *source, struct used_map *map, struct error *err)
{
    struct guest guest;
    *map = (struct used_map){0};
    if (guest_open_disk(source, &guest, err) < 0)
        return -1;
    int result = used_find(&guest, map, err);
    if (guest_close(&guest, result < 0 ? NULL : err) == 0)
        return result;
    used_free(map);
    return -1;
}

void used_free(struct used_map *map)
{
    for (size_t i = 0; i < map->volume_count; i++) {
        free(map->volumes[i].name);
        free(map->volumes[i].what);
        free(map->volumes[i].why_whole);
    }
    free(map->volumes);
    extents_free(&map->in_use);
    *map = (struct used_map){0};
}

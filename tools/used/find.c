/* used_find_on: from the disk's partitions to what is free in whatever they hold. See used.h. */
#include <stdlib.h>

#include "../base/bytes.h"
#include "../base/cleanup.h"
#include "../guest/disk/attach.h"
#include "file_systems.h"
#include "search.h"

struct used_volume *search_add_line(struct search *search, unsigned depth, const char *name, const char *what, uint64_t size_bytes)
{
    struct used_map *map = search->map;
    map->volumes = checked_grow(map->volumes, map->volume_count + 1, sizeof *map->volumes);
    struct used_volume *line = &map->volumes[map->volume_count++];
    *line = (struct used_volume){depth, checked_copy(name), checked_copy(what), size_bytes, size_bytes, NULL};
    return line;
}

static void keep_physical(struct search *search, const struct volume *volume, size_t line)
{
    search->physicals = checked_grow(search->physicals, search->physical_count + 1, sizeof *search->physicals);
    search->physicals[search->physical_count++] =
        (struct physical){checked_copy(volume->device), volume->segments[0].offsets[0], volume->size_bytes, line};
}

/* NULL; or why nothing can be told, the caller's. */
static char *look_into(struct search *search, const struct volume *volume, size_t line)
{
    bool is_physical = string_is(volume->fs_type, "LVM2_member"), is_member = string_is(volume->fs_type, "linux_raid_member");
    if ((is_physical || is_member) && (volume->is_logical || volume->depth > 1))
        return checked_copy("such a stack of volumes is not looked into");
    if (is_physical)
        keep_physical(search, volume, line);
    if (is_physical || is_member)
        return is_member ? search_raid(search, volume) : NULL;
    return file_system_find_free(volume, &search->on_disk);
}

void search_volume(struct search *search, const struct volume *volume)
{
    size_t line = search->map->volume_count;
    uint64_t before = free_ranges_bytes(&search->on_disk);
    search_add_line(search, volume->depth, volume->name, volume->fs_type, volume->size_bytes);
    char *why = look_into(search, volume, line);
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
        search_add_line(search, 0, name, partition->fs_type, partition->size_bytes)->why_whole = checked_copy(why ? why : "it cannot be read");
        return;
    }
    struct volume volume = volume_plain(name, partition->device, partition->fs_type, partition->offset_bytes, partition->size_bytes);
    search_volume(search, &volume);
    volume_drop(&volume);
}

/* Boot loaders and the metadata of firmware RAIDs live there: it travels. */
static void add_rest(struct search *search, uint64_t partitioned_bytes)
{
    const struct used_map *map = search->map;
    if (partitioned_bytes >= map->disk_bytes)
        return;
    bool some = map->volume_count > 0;
    search_add_line(search, 0, some ? "outside of them" : "the whole disk", NULL, map->disk_bytes - partitioned_bytes)->why_whole =
        checked_copy(some ? "boot loaders and tables live there" : "what is in it is not known");
}

static void search_disk(struct search *search)
{
    uint64_t partitioned_bytes = 0;
    for (size_t i = 0; i < search->guest->disk.partition_count; i++) {
        const struct partition *partition = &search->guest->disk.partitions[i];
        if (partition_is_extended(partition))
            continue; /* its logical partitions stand for themselves */
        search_partition(search, partition);
        partitioned_bytes += partition->size_bytes;
    }
    search_physicals(search);
    add_rest(search, partitioned_bytes);
}

static void search_end(struct search *search)
{
    for (size_t i = 0; i < search->node_count; i++)
        node_close(&search->nodes[i]);
    for (size_t i = 0; i < search->physical_count; i++)
        free(search->physicals[i].device);
    free(search->nodes);
    free(search->physicals);
    free_ranges_drop(&search->on_disk);
}

int used_find_on(const struct guest *guest, struct used_map *map, struct error *err)
{
    *map = (struct used_map){.disk_bytes = guest->disk.size_bytes};
    struct search search = {.guest = guest, .map = map};
    search_disk(&search);
    map->in_use = free_ranges_left(&search.on_disk, map->disk_bytes);
    search_end(&search);
    if (attach_answers(guest, err) == 0)
        return 0;
    used_free(map);
    return -1;
}

int used_find_in(const struct source *source, struct used_map *map, struct error *err)
{
    struct guest guest;
    *map = (struct used_map){0};
    if (guest_attach_source(source, &guest, err) < 0)
        return -1;
    int result = used_find_on(&guest, map, err);
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

/* The map of the blocks in use that partclone prints, of a file system that a guest has made. What is not known to be free
 * has to travel: all that lies outside of the volume, and every range that the map says is in use.
 *
 *     byte 0: how the volume lies on the disk | the map */
#include <string.h>

#include "fuzz.h"
#include "pull/target/journal.h"
#include "used/map.h"

#define DISK_BYTES (64ull * MIB + 512)
#define VOLUME_BYTES (24ull * MIB)
#define VOLUME_AT (3ull * MIB)
#define SECOND_AT (40ull * MIB)

static struct volume lay_out(bool is_striped)
{
    struct volume volume = volume_plain("fuzz", "/dev/null", "ext4", VOLUME_AT, VOLUME_BYTES);
    if (is_striped) {
        volume.segment_count = 0;
        free(volume.segments[0].offsets);
        volume_add_segment(&volume, 0, VOLUME_BYTES, 2, 65536);
        volume.segments[0].offsets[0] = VOLUME_AT;
        volume.segments[0].offsets[1] = SECOND_AT;
    }
    return volume;
}

static bool travels(const struct extents *left, uint64_t start, uint64_t end)
{
    size_t i = extents_find(left, start);
    return start >= end || (i < left->count && left->items[i].start <= start && left->items[i].end >= end);
}

/* The map as sscanf understands it, in the volume that lies in one piece. */
static void check_in_use(const struct extents *left, const char *map)
{
    const char *cursor = map, *line;
    for (size_t length; next_line(&cursor, &line, &length);) {
        unsigned long long start, size;
        char status, rest;
        cleanup_free char *copy = checked_copy_bytes(line, length);
        if (*copy == '0' && sscanf(copy, "0x%llx 0x%llx %c%c", &start, &size, &status, &rest) == 3 && status == '+')
            must(travels(left, VOLUME_AT + start, VOLUME_AT + start + size));
    }
}

static void check(const struct volume *volume, struct free_ranges *on_disk, const char *map, bool is_striped)
{
    struct extents left = free_ranges_left(on_disk, DISK_BYTES);
    uint64_t half = is_striped ? VOLUME_BYTES / 2 : VOLUME_BYTES;
    must(travels(&left, 0, VOLUME_AT));
    must(travels(&left, VOLUME_AT + half, is_striped ? SECOND_AT : DISK_BYTES));
    must(!is_striped || travels(&left, SECOND_AT + half, DISK_BYTES));
    must(extents_bytes(&left) + volume->size_bytes >= DISK_BYTES);
    if (!is_striped)
        check_in_use(&left, map);
    extents_free(&left);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    bool is_striped = *data & 1;
    cleanup_free char *map = fuzz_text(data + 1, size - 1);
    struct volume volume = lay_out(is_striped);
    struct free_ranges on_disk = {0};
    struct map_reader reader = {.volume = &volume, .on_disk = &on_disk};
    map_reader_take(&reader, map, strlen(map));
    if (map_reader_end(&reader))
        check(&volume, &on_disk, map, is_striped);
    free_ranges_drop(&on_disk);
    volume_drop(&volume);
    return 0;
}

/* See thin_map.h. */
#include "thin_map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/text.h"

static bool take_number(const char *line, const char *name, uint64_t *number)
{
    const char *at = strstr(line, name);
    char *end;
    if (!at || at[strlen(name)] < '0' || at[strlen(name)] > '9')
        return false;
    errno = 0;
    *number = strtoull(at + strlen(name), &end, 10);
    return errno == 0 && *end == '"';
}

bool thin_map_has(const struct thin_map *map, uint64_t block)
{
    return map->bits[block / 8] & 1u << block % 8;
}

/* Snapshots map the same blocks. */
static bool take_blocks(struct thin_map *map, uint64_t first, uint64_t count)
{
    if (first > map->block_count || count > map->block_count - first)
        return false;
    for (uint64_t block = first; block < first + count; block++) {
        map->mapped_count += !thin_map_has(map, block);
        map->bits[block / 8] |= (unsigned char)(1u << block % 8);
    }
    return true;
}

static bool take_line(void *context, const char *line)
{
    static const char *const others[] = {"</superblock>", "<superblock ", "<device ", "</device>", "<def ", "</def>", "<ref "};
    struct thin_map *map = context;
    uint64_t first, count;
    line += strspn(line, " ");
    if (!*line || map->has_ended)
        return !*line;
    if (string_starts(line, "<range_mapping "))
        return take_number(line, " data_begin=\"", &first) && take_number(line, " length=\"", &count) && take_blocks(map, first, count);
    if (string_starts(line, "<single_mapping "))
        return take_number(line, " data_block=\"", &first) && take_blocks(map, first, 1);
    map->has_ended = string_is(line, "</superblock>");
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (string_starts(line, others[i]))
            return true;
    return false;
}

void thin_map_take(struct thin_map *map, const char *bytes, size_t length)
{
    lines_take(&map->lines, bytes, length, take_line, map);
}

bool thin_map_end(struct thin_map *map)
{
    thin_map_take(map, "\n", 1); /* thin_dump does not end its last line */
    return !map->lines.odd && map->has_ended;
}

/* The account of what travels, for people and as JSON. See used.h. */
#include "../base/cleanup.h"
#include "used.h"

#define NAME_WIDTH 22

char *used_to_text(const struct used_map *map, const char *indent)
{
    struct text text = {0};
    cleanup_free char *disk = size_for_people(map->disk_bytes), *all = size_for_people(extents_bytes(&map->in_use));
    text_printf(&text, "%sof %s, %s will travel:\n", indent, disk, all);
    for (size_t i = 0; i < map->volume_count; i++) {
        const struct used_volume *volume = &map->volumes[i];
        cleanup_free char *size = size_for_people(volume->size_bytes), *travels = size_for_people(volume->travels_bytes);
        int width = NAME_WIDTH - 2 * (int)volume->depth;
        text_printf(&text, "%s  %*s%-*s  %-17s  %10s of %10s", indent, 2 * (int)volume->depth, "", width > 0 ? width : 0, volume->name,
                    volume->what ? volume->what : "-", travels, size);
        if (volume->why_whole)
            text_printf(&text, "  all of it: %s", volume->why_whole);
        text_append(&text, "\n");
    }
    return string_plain(text_take(&text));
}

cJSON *used_to_json(const struct used_map *map)
{
    cJSON *document = cJSON_CreateObject();
    json_add_size(document, "disk_bytes", map->disk_bytes);
    json_add_size(document, "travels_bytes", extents_bytes(&map->in_use));
    cJSON *volumes = cJSON_AddArrayToObject(document, "volumes");
    for (size_t i = 0; i < map->volume_count; i++) {
        const struct used_volume *volume = &map->volumes[i];
        cJSON *line = json_append_object(volumes);
        cJSON_AddNumberToObject(line, "depth", volume->depth);
        json_add_string(line, "name", volume->name);
        json_add_string(line, "what", volume->what);
        json_add_size(line, "size_bytes", volume->size_bytes);
        json_add_size(line, "travels_bytes", volume->travels_bytes);
        json_add_string(line, "why_whole", volume->why_whole);
    }
    return document;
}

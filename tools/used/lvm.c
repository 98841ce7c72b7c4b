/* Into the volume groups of a disk. lvm2 is asked for the metadata, read-only, with nothing in its sight but the physical volumes that were found:
 * groups of this machine's own disks, which may have the same names, it does not see. Nothing is ever activated: volumes are read by nodes of ours. */
#include <stdlib.h>
#include <string.h>

#include "../base/bytes.h"
#include "../base/cleanup.h"
#include "../guest/disk/attach.h"
#include "../guest/disk/lvm_report.h"
#include "search.h"
#include "thin.h"

#define STRIPES_MAX 128 /* lvm2's own limit */
#define LOGICAL_FIELDS "vg_name,lv_name,lv_size,segtype,stripes,stripe_size,seg_start,seg_size,devices,data_lv,metadata_lv,transaction_id,chunk_size,lv_attr"

static char *config_of(const struct search *search)
{
    cleanup_strings struct strings devices = {0};
    for (size_t i = 0; i < search->physical_count; i++)
        strings_add(&devices, search->physicals[i].device);
    return lvm_config(&devices, "global{activation=0}");
}

/* Numbers are strings in lvm2's "json". */
static uint64_t number(const cJSON *row, const char *name)
{
    const char *text = json_string(row, name);
    return text && *text >= '0' && *text <= '9' ? strtoull(text, NULL, 10) : 0;
}

static struct physical *physical_of(const struct search *search, const char *device, size_t length)
{
    for (size_t i = 0; i < search->physical_count; i++)
        if (strlen(search->physicals[i].device) == length && memcmp(search->physicals[i].device, device, length) == 0)
            return &search->physicals[i];
    return NULL;
}

/* What of the metadata is needed to find an extent on the disk. */
struct extents_of {
    uint64_t first, size; /* in bytes: where extents begin on the physical volume, and how large each is */
};

static struct extents_of extents_on(const cJSON *rows, const char *device)
{
    const cJSON *row;
    cJSON_ArrayForEach(row, rows)
        if (string_is(json_string(row, "pv_name"), device))
            return (struct extents_of){number(row, "pe_start"), number(row, "vg_extent_size")};
    return (struct extents_of){0};
}

/* Where `count` extents from `start` on lie in a physical volume; false when they cannot. */
static bool place(const struct physical *physical, struct extents_of extents, uint64_t start, uint64_t count, uint64_t *offset)
{
    if (extents.size == 0 || extents.first > physical->size_bytes)
        return false;
    uint64_t fits = (physical->size_bytes - extents.first) / extents.size;
    if (start > fits || count > fits - start)
        return false;
    *offset = physical->disk_offset + extents.first + start * extents.size;
    return true;
}

/* Extents that no volume has. */
static void add_free_extents(struct search *search, const cJSON *rows)
{
    const cJSON *row;
    cJSON_ArrayForEach(row, rows)
    {
        const char *device = json_string(row, "pv_name");
        const struct physical *physical = device ? physical_of(search, device, strlen(device)) : NULL;
        struct extents_of extents = {number(row, "pe_start"), number(row, "vg_extent_size")};
        uint64_t offset, count = number(row, "pvseg_size");
        if (physical && string_is(json_string(row, "segtype"), "free") && place(physical, extents, number(row, "pvseg_start"), count, &offset))
            free_ranges_add(&search->on_disk, offset, offset + count * extents.size);
    }
}

/* "/dev/loop1(50),/dev/loop2(0)": where each stripe of a segment begins. False when one is not on this disk, or cannot be. */
static bool place_stripes(const struct search *search, const cJSON *physical_rows, const char *devices, const struct segment *segment)
{
    unsigned stripe = 0;
    for (const char *at = devices; stripe < segment->stripe_count; stripe++) {
        const char *bracket = strchr(at, '(');
        const struct physical *physical = bracket ? physical_of(search, at, (size_t)(bracket - at)) : NULL;
        char *end;
        if (!physical)
            return false;
        struct extents_of extents = extents_on(physical_rows, physical->device);
        uint64_t start = strtoull(bracket + 1, &end, 10), bytes = segment->length / segment->stripe_count;
        if (*end != ')' || !place(physical, extents, start, bytes / most(extents.size, 1), &segment->offsets[stripe]))
            return false;
        at = end + 1 + (end[1] == ',');
    }
    return true;
}

static const char *add_segment(const struct search *search, const cJSON *physical_rows, const cJSON *row, struct volume *volume)
{
    const char *type = json_string(row, "segtype"), *devices = json_string(row, "devices");
    uint64_t start = number(row, "seg_start"), length = number(row, "seg_size"), stripes = number(row, "stripes"), stripe = number(row, "stripe_size");
    uint64_t end = volume->segment_count ? volume->segments[volume->segment_count - 1].start + volume->segments[volume->segment_count - 1].length : 0;
    bool striped = string_is(type, "striped");
    if (string_is(type, "cache") || string_is(type, "writecache"))
        return "its newest blocks may stand in its cache, which travels with it";
    if (!devices || (!striped && !string_is(type, "linear")))
        return "only linear, striped, mirrored and thin volumes are read";
    if (start != end || length == 0 || length > volume->size_bytes - end || stripes == 0 || stripes > STRIPES_MAX || (stripes > 1 && stripe == 0))
        return "lvm2's account of it cannot be";
    volume_add_segment(volume, start, length, (unsigned)stripes, stripes > 1 ? stripe : length);
    return place_stripes(search, physical_rows, devices, &volume->segments[volume->segment_count - 1]) ? NULL : "it reaches onto another disk";
}

static bool is_of(const cJSON *row, const cJSON *first)
{
    return string_is(json_string(row, "vg_name"), json_string(first, "vg_name")) && string_is(json_string(row, "lv_name"), json_string(first, "lv_name"));
}

static char *name_of(const cJSON *row)
{
    const char *name = json_string(row, "lv_name");
    size_t bracket = *name == '['; /* of a part of another volume */
    return checked_printf("%s/%.*s", json_string(row, "vg_name"), (int)(strlen(name) - 2 * bracket), name + bracket);
}

/* lvs(8): the volume type is the first of the attributes; o: origin, O: origin with a snapshot that is being merged into it. */
static bool has_snapshot(const cJSON *row)
{
    const char *attributes = json_string(row, "lv_attr");
    return attributes && (*attributes == 'o' || *attributes == 'O');
}

/* One without a name yet, as lvm2 puts it together from the rows with the first one's names. NULL; or why it cannot be read. */
static const char *put_together(const struct search *search, const cJSON *physical_rows, const cJSON *first, struct volume *volume)
{
    const char *odd = NULL;
    *volume = (struct volume){.size_bytes = number(first, "lv_size"), .is_logical = true};
    for (const cJSON *row = first; row && is_of(row, first) && !odd; row = row->next)
        odd = add_segment(search, physical_rows, row, volume);
    return odd;
}

/* Reads one logical volume, whose rows are those with the same names. */
static char *look_into(struct search *search, struct volume *volume)
{
    struct error err = {0};
    struct node node;
    if (node_open(&node, volume, search->guest->disk.device, &err) < 0)
        return checked_printf("it cannot be read: %.*s", (int)strcspn(err.message, "\n"), err.message);
    volume->fs_type = recognise(volume->device);
    search_volume(search, volume);
    node_close(&node);
    return NULL;
}

static void search_logical(struct search *search, const cJSON *physical_rows, const cJSON *first)
{
    struct volume volume;
    const char *odd = put_together(search, physical_rows, first, &volume);
    odd = odd ? odd : has_snapshot(first) ? "what it has freed, a snapshot of it may still need" : NULL;
    volume.name = name_of(first);
    char *why = odd ? checked_copy(odd) : look_into(search, &volume);
    if (why)
        search_add_line(search, 0, volume.name, "a logical volume", volume.size_bytes)->why_whole = why;
    volume_drop(&volume);
}

/* The first row of a volume that another is made of; lvm2 writes its name in brackets. NULL: there is none. */
static const cJSON *part_of(const cJSON *rows, const cJSON *whole, const char *name)
{
    const cJSON *row;
    cJSON_ArrayForEach(row, rows)
        if (string_is(json_string(row, "vg_name"), json_string(whole, "vg_name")) && string_is(json_string(row, "lv_name"), name))
            return row;
    return NULL;
}

static char *look_into_pool(struct search *search, const cJSON *pool, struct volume *metadata, const struct volume *data)
{
    struct error err = {0};
    struct node node;
    metadata->name = name_of(pool);
    if (node_open(&node, metadata, search->guest->disk.device, &err) < 0)
        return checked_printf("its metadata cannot be read: %.*s", (int)strcspn(err.message, "\n"), err.message);
    struct thin_pool thin = {metadata, data, number(pool, "transaction_id"), number(pool, "chunk_size")};
    char *why = thin_find_free(&thin, &search->on_disk);
    node_close(&node);
    return why;
}

/* The volumes in a pool have no blocks but the pool's. */
static void search_pool(struct search *search, const cJSON *physical_rows, const cJSON *rows, const cJSON *pool)
{
    struct volume metadata = {0}, data = {0};
    const cJSON *metadata_row = part_of(rows, pool, json_string(pool, "metadata_lv"));
    const cJSON *data_row = part_of(rows, pool, json_string(pool, "data_lv"));
    const char *odd = metadata_row && data_row ? NULL : "lvm2's account of it cannot be";
    odd = odd ? odd : put_together(search, physical_rows, metadata_row, &metadata);
    odd = odd ? odd : put_together(search, physical_rows, data_row, &data);
    cleanup_free char *name = name_of(pool);
    uint64_t before = free_ranges_bytes(&search->on_disk), size_bytes = number(pool, "lv_size");
    char *why = odd ? checked_copy(odd) : look_into_pool(search, pool, &metadata, &data);
    struct used_volume *line = search_add_line(search, 0, name, "thin pool", size_bytes);
    line->travels_bytes -= least(most(free_ranges_bytes(&search->on_disk), before) - before, size_bytes);
    line->why_whole = why;
    volume_drop(&metadata);
    volume_drop(&data);
}

/* "data_rimage_0(0),data_rimage_1(0)": each leg holds the whole of the volume, and is read for itself, as one may have fallen behind. */
static void search_legs(struct search *search, const cJSON *physical_rows, const cJSON *rows, const cJSON *mirror)
{
    const char *at = json_string(mirror, "devices");
    while (at && *at) {
        size_t length = strcspn(at, "(,");
        cleanup_free char *name = checked_printf("[%.*s]", (int)length, at);
        const cJSON *leg = part_of(rows, mirror, name);
        if (leg)
            search_logical(search, physical_rows, leg);
        at += strcspn(at, ",");
        at += *at == ',';
    }
}

/* The parts that other volumes are made of. */
static bool is_hidden(const cJSON *row)
{
    return *json_string(row, "lv_name") == '[';
}

/* Rows come sorted by group and volume, and by where they start. */
static void search_logicals(struct search *search, const cJSON *physical_rows, const cJSON *rows)
{
    const cJSON *before = NULL, *row;
    cJSON_ArrayForEach(row, rows)
    {
        const char *type = json_string(row, "segtype");
        bool is_new = json_string(row, "vg_name") && json_string(row, "lv_name") && (!before || !is_of(row, before));
        before = row;
        if (!is_new || is_hidden(row) || string_is(type, "thin"))
            continue;
        if (string_is(type, "thin-pool"))
            search_pool(search, physical_rows, rows, row);
        else if ((string_is(type, "raid1") || string_is(type, "mirror")) && !has_snapshot(row))
            search_legs(search, physical_rows, rows, row);
        else
            search_logical(search, physical_rows, row);
    }
}

static int search_groups(struct search *search, struct error *err)
{
    cleanup_json cJSON *of_physicals = NULL, *of_logicals = NULL;
    cleanup_free char *config = config_of(search);
    const cJSON *physical_rows = lvm_ask(config, "pvs", "--segments", "pvseg", "pv_name,vg_extent_size,pe_start,pvseg_start,pvseg_size,segtype", &of_physicals, err);
    if (!physical_rows)
        return -1;
    add_free_extents(search, physical_rows);
    const cJSON *logical_rows = lvm_ask(config, "lvs", "--all", "lv", LOGICAL_FIELDS, &of_logicals, err);
    if (!logical_rows)
        return -1;
    search_logicals(search, physical_rows, logical_rows);
    return 0;
}

void search_physicals(struct search *search)
{
    struct error err = {0};
    if (search->physical_count == 0)
        return;
    bool failed = search_groups(search, &err) < 0;
    for (size_t i = 0; i < search->physical_count; i++) {
        const struct physical *physical = &search->physicals[i];
        struct used_volume *line = &search->map->volumes[physical->line];
        line->travels_bytes -= free_ranges_bytes_in(&search->on_disk, physical->disk_offset, physical->disk_offset + physical->size_bytes);
        if (failed)
            line->why_whole = checked_printf("its volume group cannot be read: %s", err.message);
    }
}

/* See contents.h. */
#include "contents.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "../../base/cleanup.h"
#include "attach.h"

#define NAMES_MAX 16                /* of one range */
#define MEMORY_MAX (256ull << 20)   /* the appliance may have no more than 512 MiB */

/* File systems whose tools can tell. */
static const struct kind {
    const char *prefix;
    int (*block_bytes)(const char *device, uint32_t *block_bytes, struct error *err);
    int (*find)(const char *device, struct block_content *blocks, size_t count, struct error *err);
} kinds[] = {
    {"ext", ext_block_bytes, ext_find_files},
    {"xfs", xfs_block_bytes, xfs_find_files},
};

char *contents_name(const char *name)
{
    char *copy = checked_copy(name);
    for (char *at = copy; *at; at++)
        if (iscntrl((unsigned char)*at))
            *at = '?';
    return copy;
}

int contents_limit_memory(void *unused)
{
    (void)unused;
    return setrlimit(RLIMIT_AS, &(struct rlimit){MEMORY_MAX, MEMORY_MAX});
}

static void say(struct contents *contents, const struct partition *partition, const char *what)
{
    cleanup_free char *words = checked_printf("partition %u (%s): %s", partition->number, partition->fs_type ? partition->fs_type : "no file system", what);
    if (contents->holds.count < NAMES_MAX)
        strings_add_new(&contents->holds, words);
    else if (contents->holds.count == NAMES_MAX && !strings_contain(&contents->holds, words))
        strings_add(&contents->holds, "… and more");
}

static bool lies_in(const struct contents *range, const struct partition *partition)
{
    return range->start < partition->offset_bytes + partition->size_bytes && range->end > partition->offset_bytes;
}

static void say_of_all(struct contents *contents, size_t count, const struct partition *partition, const char *what)
{
    for (size_t i = 0; i < count; i++)
        if (lies_in(&contents[i], partition))
            say(&contents[i], partition, what);
}

/* The blocks of the partition that the ranges touch. */
static size_t list_blocks(const struct contents *contents, size_t count, const struct partition *partition, uint32_t block_bytes, struct block_content *blocks)
{
    size_t listed = 0;
    uint64_t start = partition->offset_bytes, end = start + partition->size_bytes;
    for (size_t i = 0; i < count; i++) {
        if (!lies_in(&contents[i], partition))
            continue;
        uint64_t first = contents[i].start > start ? (contents[i].start - start) / block_bytes : 0;
        uint64_t last = ((contents[i].end < end ? contents[i].end : end) - 1 - start) / block_bytes;
        for (uint64_t block = first; block <= last && listed < CONTENTS_BLOCKS_MAX; block++)
            blocks[listed++] = (struct block_content){.block = block, .range = i};
    }
    return listed;
}

static int look_up(struct contents *contents, size_t count, const struct partition *partition, const struct kind *kind, struct error *err)
{
    uint32_t block_bytes = 0;
    if (kind->block_bytes(partition->device, &block_bytes, err) < 0)
        return -1;
    cleanup_free struct block_content *blocks = checked_alloc(CONTENTS_BLOCKS_MAX * sizeof *blocks);
    size_t listed = list_blocks(contents, count, partition, block_bytes, blocks);
    int status = kind->find(partition->device, blocks, listed, err);
    for (size_t i = 0; i < listed; i++) {
        if (status == 0)
            say(&contents[blocks[i].range], partition, blocks[i].what ? blocks[i].what : CONTENTS_METADATA);
        free(blocks[i].what);
    }
    if (status == 0 && listed == CONTENTS_BLOCKS_MAX)
        say_of_all(contents, count, partition, "there may be more files than were looked up");
    return status;
}

static void look_into(struct contents *contents, size_t count, const struct partition *partition)
{
    struct error err = {0};
    bool touched = false;
    for (size_t i = 0; i < count; i++)
        touched |= lies_in(&contents[i], partition);
    if (!touched || !partition->device)
        return;
    if (string_is(partition->fs_type, "swap")) {
        say_of_all(contents, count, partition, "swap space, nothing is lost");
        return;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (partition->fs_type && string_starts(partition->fs_type, kinds[i].prefix)) {
            if (look_up(contents, count, partition, &kinds[i], &err) < 0) {
                cleanup_free char *failure = contents_name(string_trim(err.message));
                cleanup_free char *words = checked_printf("which files is not known: %s", failure);
                say_of_all(contents, count, partition, words);
            }
            return;
        }
    say_of_all(contents, count, partition, "which files is not known; only ext2, ext3, ext4 and xfs can tell");
}

static int look_at_disk(const char *disk, struct contents *contents, size_t count, struct guest *guest, struct error *err)
{
    if (attach_open(disk, NULL, GUEST_READ, guest, err) < 0 || partitions_read(guest, err) < 0)
        return -1;
    for (size_t i = 0; i < guest->disk.partition_count; i++)
        look_into(contents, count, &guest->disk.partitions[i]);
    return 0;
}

struct contents *contents_of(const char *disk, const struct extents *ranges)
{
    struct guest guest = {.root_fd = -1};
    struct error err = {0};
    struct contents *contents = checked_alloc((ranges->count + 1) * sizeof *contents);
    if (!ranges->count)
        return contents;
    for (size_t i = 0; i < ranges->count; i++)
        contents[i] = (struct contents){.start = ranges->items[i].start, .end = ranges->items[i].end};
    int status = look_at_disk(disk, contents, ranges->count, &guest, &err);
    for (size_t i = 0; i < ranges->count; i++) {
        cleanup_free char *words = status < 0 ? checked_printf("not known: %s", err.message) : checked_copy("outside of all file systems");
        if (!contents[i].holds.count)
            strings_add(&contents[i].holds, words);
    }
    guest_close(&guest, NULL); /* it was only read */
    return contents;
}

void contents_free(struct contents *contents, size_t count)
{
    for (size_t i = 0; i < count; i++)
        strings_free(&contents[i].holds);
    free(contents);
}

cJSON *contents_to_json(const struct contents *contents, size_t count)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < count; i++) {
        cJSON *range = json_append_object(list);
        json_add_size(range, "offset_bytes", contents[i].start);
        json_add_size(range, "size_bytes", contents[i].end - contents[i].start);
        json_add_strings(range, "holds", &contents[i].holds);
    }
    return list;
}

char *contents_to_text(const struct contents *contents, size_t count)
{
    struct text text = {0};
    for (size_t i = 0; i < count; i++) {
        cleanup_free char *holds = strings_join(&contents[i].holds, "; ");
        text_printf(&text, "%llu bytes at offset %llu: %s\n", (unsigned long long)(contents[i].end - contents[i].start),
                    (unsigned long long)contents[i].start, holds);
    }
    return string_plain(text_take(&text));
}

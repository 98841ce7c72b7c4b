/* See thin.h. What the kernel keeps of a pool is a superblock, and trees of blocks that thin_dump walks through. */
#include "thin.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "../base/bytes.h"
#include "../base/cleanup.h"
#include "../base/program.h"
#include "confine.h"
#include "thin_map.h"

#define DUMP_SECONDS 600
#define BLOCKS_MAX (UINT64_C(1) << 28) /* 16 TiB of the smallest blocks; a bit of memory each */
#define SECTOR_BYTES 512u

/* drivers/md/dm-thin-metadata.c, struct thin_disk_superblock; the map of the data begins with how many blocks there are, and how many are in use. */
enum { FLAGS = 4, MAGIC = 32, TRANSACTION = 48, HELD_ROOT = 56, DATA_BLOCKS = 64, DATA_IN_USE = 72, BLOCK_SECTORS = 336, SUPERBLOCK_BYTES = 340 };
#define MAGIC_NUMBER 27022010
#define NEEDS_CHECK 1

struct facts {
    uint64_t block_count, block_bytes, in_use; /* blocks of the data */
};

static const char *read_superblock(const struct thin_pool *pool, struct facts *facts)
{
    unsigned char superblock[SUPERBLOCK_BYTES];
    cleanup_close int fd = open(pool->metadata->device, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || pread(fd, superblock, sizeof superblock, 0) != (ssize_t)sizeof superblock || get_le64(superblock + MAGIC) != MAGIC_NUMBER)
        return "its metadata cannot be read";
    if (get_le32(superblock + FLAGS) & NEEDS_CHECK)
        return "its metadata ask for a check";
    if (get_le64(superblock + TRANSACTION) != pool->transaction || get_le64(superblock + HELD_ROOT))
        return "it was left in the middle of a change";
    facts->block_bytes = (uint64_t)get_le32(superblock + BLOCK_SECTORS) * SECTOR_BYTES;
    facts->block_count = get_le64(superblock + DATA_BLOCKS);
    facts->in_use = get_le64(superblock + DATA_IN_USE);
    if (facts->block_bytes == 0 || facts->block_bytes != pool->chunk_bytes || facts->block_count > pool->data->size_bytes / facts->block_bytes)
        return "its metadata and its volume group do not agree";
    return facts->block_count > BLOCKS_MAX ? "it has too many blocks" : NULL;
}

static bool take_dump(void *context, const char *bytes, size_t length)
{
    struct thin_map *map = context;
    thin_map_take(map, bytes, length);
    return !map->lines.odd;
}

static void add_free(const struct thin_map *map, uint64_t block_bytes, const struct volume *data, struct free_ranges *on_disk)
{
    uint64_t start = 0;
    for (uint64_t block = 0; block <= map->block_count; block++) {
        if (block < map->block_count && !thin_map_has(map, block))
            continue;
        volume_add_free(data, start * block_bytes, block * block_bytes, on_disk);
        start = block + 1;
    }
}

char *thin_find_free(const struct thin_pool *pool, struct free_ranges *on_disk)
{
    struct facts facts;
    struct error err = {0};
    const char *reason = read_superblock(pool, &facts);
    if (reason)
        return checked_copy(reason);
    cleanup_free unsigned char *bits = checked_alloc(facts.block_count / 8 + 1);
    struct thin_map map = {.bits = bits, .block_count = facts.block_count};
    const char *const argv[] = {"thin_dump", "--format", "xml", pool->metadata->device, NULL};
    struct program program = {.argv = argv, .input_fd = -1, .timeout_seconds = DUMP_SECONDS, .in_child = confine};
    if (program_stream(&program, take_dump, &map, &err) < 0)
        return checked_printf("its metadata cannot be read: %.*s", (int)strcspn(err.message, "\n"), err.message);
    if (!thin_map_end(&map) || map.mapped_count != facts.in_use)
        return checked_copy("its metadata cannot be");
    add_free(&map, facts.block_bytes, pool->data, on_disk);
    return NULL;
}

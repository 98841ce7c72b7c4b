/* Which files of an xfs file system own a block, by xfs_db (xfsprogs). See contents.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/cleanup.h"
#include "../../base/program.h"
#include "contents.h"

#define OUTPUT_MAX (2u << 20) /* a damaged file system makes blockget talk; the answers come last */
#define BASIC_BLOCK 512u      /* xfs_db's daddr counts in these whatever the sectors are */

int xfs_block_bytes(const char *device, uint32_t *block_bytes, struct error *err)
{
    (void)device, (void)err;
    *block_bytes = BASIC_BLOCK;
    return 0;
}

/* "inode 131 dir/file" behind "type data"; a directory's or a file's. */
static char *owner_of(const char *type, const char *line)
{
    unsigned long long inode;
    int name_at = 0;
    const char *at = strstr(line, " inode ");
    if (string_starts(type, "free"))
        return checked_copy(string_is(type, "freelist") ? CONTENTS_METADATA : CONTENTS_FREE);
    if (!at || sscanf(at, " inode %llu%n", &inode, &name_at) != 1)
        return NULL;
    const char *name = at + name_at;
    if (*name != ' ')
        return checked_printf("a file without a name (inode %llu)", inode);
    cleanup_free char *clean = contents_name(name + 1);
    return checked_printf("/%s", clean);
}

/* "block 12 (0/12) type data inode 131 etc/fstab": one line for each blockuse, in order. */
static void take_answers(const struct text *output, struct block_content *blocks, size_t count)
{
    const char *cursor = output->data, *line;
    size_t length, answered = 0;
    while (cursor && answered < count && next_line(&cursor, &line, &length)) {
        cleanup_free char *copy = checked_copy_bytes(line, length);
        unsigned long long block;
        unsigned group, in_group;
        char type[16];
        if (sscanf(copy, "block %llu (%u/%u) type %15s", &block, &group, &in_group, type) == 4)
            blocks[answered++].what = owner_of(type, copy);
    }
}

int xfs_find_files(const char *device, struct block_content *blocks, size_t count, struct error *err)
{
    cleanup_strings struct strings addresses = {0};
    cleanup_free const char **argv = checked_alloc((4 * count + 6) * sizeof *argv);
    cleanup_text struct text output = {0};
    size_t words = 0;
    for (size_t i = 0; i < count; i++) {
        cleanup_free char *address = checked_printf("daddr %llu", (unsigned long long)blocks[i].block);
        strings_add(&addresses, address);
    }
    argv[words++] = "xfs_db";
    argv[words++] = "-r";
    argv[words++] = "-c";
    argv[words++] = "blockget -n";
    for (size_t i = 0; i < count; i++) {
        argv[words++] = "-c";
        argv[words++] = addresses.items[i];
        argv[words++] = "-c";
        argv[words++] = "blockuse -n";
    }
    argv[words++] = device;
    struct program program = {.argv = argv, .input_fd = -1, .timeout_seconds = CONTENTS_SECONDS, .output_max = OUTPUT_MAX, .in_child = contents_limit_memory};
    if (program_run(&program, &output, err) < 0)
        return -1;
    take_answers(&output, blocks, count);
    return count && !output.length ? error_set(err, "xfs_db tells nothing about %s", device) : 0;
}

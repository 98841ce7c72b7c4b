/* Which files of an ext2/3/4 file system own a block, by debugfs (e2fsprogs). See contents.h. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../base/cleanup.h"
#include "../../base/program.h"
#include "contents.h"

#define OUTPUT_MAX (2u << 20)
/* Inodes below 11 are the file system's own (Documentation/filesystems/ext4/special_inodes.rst), but for the root directory. */
#define INODE_ROOT 2
#define INODE_FIRST 11

struct owner {
    unsigned long inode;
    char *name;
};

/* debugfs opens a file system for reading when nothing else is said. Without `script` it does `request`. */
static int ask_debugfs(const char *device, const char *request, const struct text *script, struct text *output, struct error *err)
{
    cleanup_close int script_fd = script ? memfd_create("debugfs", MFD_CLOEXEC) : -1;
    if (script && (write(script_fd, script->data, script->length) != (ssize_t)script->length || lseek(script_fd, 0, SEEK_SET) < 0))
        return error_errno(err, "write down what debugfs is asked");
    const char *const argv[] = {"debugfs", script ? "-f" : "-R", script ? "-" : request, device, NULL};
    struct program program = {.argv = argv, .input_fd = script_fd, .timeout_seconds = CONTENTS_SECONDS, .output_max = OUTPUT_MAX, .in_child = contents_limit_memory};
    return program_run(&program, output, err);
}

int ext_block_bytes(const char *device, uint32_t *block_bytes, struct error *err)
{
    cleanup_text struct text output = {0};
    if (ask_debugfs(device, "stats -h", NULL, &output, err) < 0)
        return -1;
    const char *at = output.data ? strstr(output.data, "Block size:") : NULL;
    *block_bytes = at ? (uint32_t)strtoul(at + strlen("Block size:"), NULL, 10) : 0;
    if (*block_bytes >= 1024 && *block_bytes <= 65536)
        return 0;
    return error_set(err, "debugfs does not know the file system: %.200s", output.data ? output.data : "");
}

/* Calls `take` for each line that says a number, a tab, and something. */
typedef void taker(void *context, uint64_t number, const char *rest);
static void each_pair(const struct text *output, taker *take, void *context)
{
    const char *cursor = output->data, *line;
    size_t length;
    while (cursor && next_line(&cursor, &line, &length)) {
        cleanup_free char *copy = checked_copy_bytes(line, length);
        char *end;
        uint64_t number = strtoull(copy, &end, 10);
        if (end != copy && *end == '\t')
            take(context, number, end + 1);
    }
}

struct lookup {
    const struct block_content *blocks;
    struct owner *owners; /* one for each block */
    size_t count;
};

/* "12345\t67", or "12345\t<block not found>" */
static void take_inode(void *context, uint64_t number, const char *rest)
{
    struct lookup *lookup = context;
    for (size_t i = 0; i < lookup->count; i++)
        if (lookup->blocks[i].block == number)
            lookup->owners[i].inode = strtoul(rest, NULL, 10);
}

/* "67\t//etc/fstab" */
static void take_name(void *context, uint64_t number, const char *rest)
{
    struct lookup *lookup = context;
    for (size_t i = 0; i < lookup->count; i++)
        if (lookup->owners[i].inode == number && !lookup->owners[i].name)
            lookup->owners[i].name = contents_name(rest + (string_starts(rest, "//") ? 1 : 0));
}

static bool is_file(unsigned long inode)
{
    return inode == INODE_ROOT || inode >= INODE_FIRST;
}

static int find_inodes(const char *device, struct lookup *lookup, struct error *err)
{
    cleanup_text struct text request = {0}, output = {0};
    text_append(&request, "icheck");
    for (size_t i = 0; i < lookup->count; i++)
        text_printf(&request, " %llu", (unsigned long long)lookup->blocks[i].block);
    if (ask_debugfs(device, request.data, NULL, &output, err) < 0)
        return -1;
    each_pair(&output, take_inode, lookup);
    return 0;
}

static int find_names(const char *device, struct lookup *lookup, struct error *err)
{
    cleanup_text struct text request = {0}, output = {0};
    text_append(&request, "ncheck");
    for (size_t i = 0; i < lookup->count; i++)
        if (is_file(lookup->owners[i].inode) && (i == 0 || lookup->owners[i].inode != lookup->owners[i - 1].inode))
            text_printf(&request, " %lu", lookup->owners[i].inode);
    if (string_is(request.data, "ncheck"))
        return 0;
    if (ask_debugfs(device, request.data, NULL, &output, err) < 0)
        return -1;
    each_pair(&output, take_name, lookup);
    return 0;
}

/* A block that belongs to no inode is free, or one of the file system's own: its bitmap says which. */
static int find_free(const char *device, const struct lookup *lookup, struct block_content *blocks, struct error *err)
{
    cleanup_text struct text script = {0}, output = {0};
    for (size_t i = 0; i < lookup->count; i++)
        if (!lookup->owners[i].inode)
            text_printf(&script, "testb %llu\n", (unsigned long long)blocks[i].block);
    if (!script.length)
        return 0;
    if (ask_debugfs(device, NULL, &script, &output, err) < 0)
        return -1;
    for (size_t i = 0; i < lookup->count; i++) {
        cleanup_free char *words = checked_printf("Block %llu not in use", (unsigned long long)blocks[i].block);
        if (!lookup->owners[i].inode && output.data && strstr(output.data, words))
            blocks[i].what = checked_copy(CONTENTS_FREE);
    }
    return 0;
}

int ext_find_files(const char *device, struct block_content *blocks, size_t count, struct error *err)
{
    struct lookup lookup = {.blocks = blocks, .owners = checked_alloc(count * sizeof *lookup.owners + 1), .count = count};
    int status = find_inodes(device, &lookup, err);
    if (status == 0)
        status = find_names(device, &lookup, err);
    if (status == 0)
        status = find_free(device, &lookup, blocks, err);
    for (size_t i = 0; i < count; i++) {
        if (is_file(lookup.owners[i].inode) && !blocks[i].what)
            blocks[i].what = lookup.owners[i].name ? checked_copy(lookup.owners[i].name)
                                                   : checked_printf("a file without a name (inode %lu)", lookup.owners[i].inode);
        free(lookup.owners[i].name);
    }
    free(lookup.owners);
    return status;
}

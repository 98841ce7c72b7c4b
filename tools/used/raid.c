/* Into a member of a RAID 1 by Linux' md: it holds the whole of what the array does, behind or before its superblock. mdadm knows where. */
#include <stdlib.h>
#include <string.h>

#include "../base/cleanup.h"
#include "../base/program.h"
#include "../guest/disk/attach.h"
#include "search.h"

#define ASK_SECONDS 60
#define SECTOR_BYTES 512u
#define KIB 1024u

/* What stands behind "NAME : " on a line of its own, in mdadm's account for people; the caller's, or NULL. */
static char *value_of(const char *account, const char *name)
{
    const char *line;
    size_t length;
    while (next_line(&account, &line, &length)) {
        cleanup_free char *copy = checked_copy_bytes(line, length);
        char *colon = strstr(copy, " : ");
        if (!colon)
            continue;
        *colon = '\0';
        if (string_is(string_trim(copy), name))
            return checked_copy(string_trim(colon + 3));
    }
    return NULL;
}

/* "2048 sectors", "102272 (99.88 MiB 104.73 MB)" */
static uint64_t number_of(const char *account, const char *name)
{
    cleanup_free char *value = value_of(account, name);
    return value ? strtoull(value, NULL, 10) : 0;
}

static char *ask_mdadm(const char *device, struct error *err)
{
    struct text account = {0};
    const char *const argv[] = {"mdadm", "--examine", device, NULL};
    if (program_run(&(struct program){.argv = argv, .input_fd = -1, .timeout_seconds = ASK_SECONDS}, &account, err) < 0)
        text_free(&account);
    return text_take(&account);
}

/* Keeps what is read by a node that lasts until the end of the search. */
static void look_inside(struct search *search, struct volume *inside, const struct node *node)
{
    search->nodes = checked_grow(search->nodes, search->node_count + 1, sizeof *search->nodes);
    search->nodes[search->node_count++] = *node;
    inside->fs_type = recognise(inside->device);
    search_volume(search, inside);
}

char *search_raid(struct search *search, const struct volume *member)
{
    struct error err = {0};
    cleanup_free char *account = ask_mdadm(member->device, &err);
    cleanup_free char *level = value_of(account, "Raid Level");
    /* Without an offset (metadata 0.90 and 1.0) the data begins with the member. The array's size is in KiB in every version. */
    uint64_t offset = number_of(account, "Data Offset") * SECTOR_BYTES, size = number_of(account, "Array Size") * KIB;
    if (err.message[0])
        return checked_printf("mdadm does not read it: %s", err.message);
    if (!string_is(level, "raid1"))
        return checked_printf("only of RAID 1 a single member tells what is in use, and this is %s", level ? level : "another");
    if (size == 0 || offset > member->size_bytes || size > member->size_bytes - offset)
        return checked_copy("mdadm's account of it cannot be");
    struct volume inside = volume_plain("RAID 1 in it", NULL, NULL, member->segments[0].offsets[0] + offset, size);
    struct node node;
    inside.depth = member->depth + 1;
    char *why = NULL;
    if (node_open(&node, &inside, search->guest->disk.device, &err) < 0)
        why = checked_printf("it cannot be read: %s", err.message);
    else
        look_inside(search, &inside, &node);
    volume_drop(&inside);
    return why;
}

/* See node.h. */
#include "node.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../base/cleanup.h"
#include "../base/program.h"
#include "../guest/disk/attach.h"

#define DM_SECONDS 30
#define DM_SECTOR 512 /* the device-mapper counts in these whatever the disk's are */

/* dmsetup(8): "START LENGTH linear DEVICE OFFSET", "START LENGTH striped COUNT CHUNK DEVICE OFFSET DEVICE OFFSET …" */
static char *table_of(const struct volume *volume, const char *disk)
{
    struct text table = {0};
    for (size_t i = 0; i < volume->segment_count; i++) {
        const struct segment *segment = &volume->segments[i];
        text_printf(&table, "%llu %llu ", (unsigned long long)segment->start / DM_SECTOR, (unsigned long long)segment->length / DM_SECTOR);
        if (segment->stripe_count == 1)
            text_append(&table, "linear");
        else
            text_printf(&table, "striped %u %llu", segment->stripe_count, (unsigned long long)segment->stripe_bytes / DM_SECTOR);
        for (unsigned stripe = 0; stripe < segment->stripe_count; stripe++)
            text_printf(&table, " %s %llu", disk, (unsigned long long)segment->offsets[stripe] / DM_SECTOR);
        text_append(&table, "\n");
    }
    return text_take(&table);
}

/* Nobody's udev is waited for, as the appliance has none. */
static int run_dmsetup(const char *action, const char *name, const char *option, int input_fd, struct error *err)
{
    const char *const argv[] = {"dmsetup", action, name, option, "--noudevsync", "--noudevrules", NULL};
    return program_run(&(struct program){.argv = argv, .input_fd = input_fd, .timeout_seconds = DM_SECONDS}, NULL, err);
}

static int map_segments(struct node *node, struct volume *volume, const char *disk, struct error *err)
{
    static atomic_uint count;
    cleanup_free char *table = table_of(volume, disk);
    cleanup_free char *name = checked_printf("rehost-%d-%u", (int)getpid(), atomic_fetch_add(&count, 1));
    cleanup_close int table_fd = memfd_create("table", MFD_CLOEXEC);
    size_t length = strlen(table);
    if (table_fd < 0 || pwrite(table_fd, table, length, 0) != (ssize_t)length)
        return error_errno(err, "keep the table of %s", volume->name);
    if (run_dmsetup("create", name, "--readonly", table_fd, err) < 0)
        return -1;
    volume->device = checked_printf("/dev/mapper/%s", name);
    node->mapped = take_pointer(name);
    return 0;
}

int node_open(struct node *node, struct volume *volume, const char *disk, struct error *err)
{
    *node = (struct node){.loop_fd = -1};
    const struct segment *first = volume->segments;
    if (volume->segment_count == 1 && first->stripe_count == 1)
        return loop_attach_part(disk, first->offsets[0], first->length, &node->loop_fd, &volume->device, err);
    return map_segments(node, volume, disk, err);
}

void node_close(struct node *node)
{
    if (node->loop_fd >= 0)
        close(node->loop_fd);
    if (node->mapped)
        (void)run_dmsetup("remove", node->mapped, "--retry", -1, NULL);
    free(node->mapped);
    *node = (struct node){.loop_fd = -1};
}

/* See esp.h. */
#include "esp.h"

#include <string.h>
#include <strings.h>

#include "../../base/cleanup.h"
#include "../../base/root.h"

/* UEFI 2.10, 5.3.3, and 0xef in an MBR. */
#define TYPE_ESP "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"
#define TYPE_ESP_DOS "0xef"

static const struct partition *partition_of_type(const struct guest_disk *disk, const char *type)
{
    for (size_t i = 0; i < disk->partition_count; i++)
        if (disk->partitions[i].type && strcasecmp(disk->partitions[i].type, type) == 0)
            return &disk->partitions[i];
    return NULL;
}

const struct partition *esp_of(const struct guest_disk *disk)
{
    const struct partition *esp = partition_of_type(disk, TYPE_ESP);
    return esp ? esp : partition_of_type(disk, TYPE_ESP_DOS);
}

/* The names of a FAT file system have no case of their own, but what the kernel shows depends on how they were written. */
static char *find_below(int root_fd, const char *directory, const char *path)
{
    size_t length = strcspn(path, "/");
    cleanup_strings struct strings entries = {0};
    root_list(root_fd, directory, &entries);
    for (size_t i = 0; i < entries.count; i++) {
        if (strlen(entries.items[i]) != length || strncasecmp(entries.items[i], path, length) != 0)
            continue;
        cleanup_free char *inside = checked_printf("%s/%s", directory, entries.items[i]);
        char *found = path[length] ? find_below(root_fd, inside, path + length + 1) : root_is_file(root_fd, inside) ? checked_copy(inside) : NULL;
        if (found)
            return found;
    }
    return NULL;
}

char *esp_find(const struct guest *guest, const char *path)
{
    const struct partition *esp = esp_of(&guest->disk);
    return esp && esp->mount_point ? find_below(guest->root_fd, esp->mount_point, path) : NULL;
}

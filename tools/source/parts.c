/* See parts.h. qemu wants files for the parts of a VMDK: so each part's nbdkit has an nbdfuse in front of it, which shows a file in the source's own
 * folder. Beside them lies a descriptor of our own making, so that no name and no line of the server's reaches qemu. */
#include "parts.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "../base/cleanup.h"
#include "../base/program.h"
#include "../base/namespace.h"
#include "../base/root.h"
#include "pin.h"
#include "probe.h"
#include "vmdk.h"

#define DESCRIPTOR_MAGIC "# Disk DescriptorFile"
#define SECTOR_BYTES 512
#define OPENED_MAX 128 /* parts: each has two processes */

static bool is_descriptor(const struct format_ends *ends)
{
    return memcmp(ends->head, DESCRIPTOR_MAGIC, strlen(DESCRIPTOR_MAGIC)) == 0;
}

bool parts_are_elsewhere(const struct source *source, const struct format_ends *ends)
{
    return source->reach.count && is_descriptor(ends);
}

/* "url=https://host/folder/web.vmdk?dcPath=dc", "path=/folder/web.vmdk": the same for another file of that folder. Other options stay as they are. */
static char *option_beside(const char *option, const char *name)
{
    bool is_url = string_starts(option, "url=");
    if (!is_url && !string_starts(option, "path="))
        return checked_copy(option);
    size_t length = is_url ? strcspn(option, "?") : strlen(option);
    const char *slash = memrchr(option, '/', length);
    cleanup_free char *encoded = is_url ? string_percent_encode(name) : checked_copy(name);
    return checked_printf("%.*s/%s%s", (int)(slash - option), option, encoded, option + length);
}

static int start_bytes(const struct source *source, const char *part_name, const char *name, struct adapter *adapter, struct error *err)
{
    cleanup_strings struct strings options = {0};
    for (size_t i = 0; i < source->reach.count; i++) {
        cleanup_free char *option = option_beside(source->reach.items[i], part_name);
        strings_add(&options, option);
    }
    struct adapter_command command = {.directory = source->directory, .name = name, .options = &options, .secret_fd = source->secret_fd};
    return probe_start_patient(&command, adapter, err);
}

static int start_file(const struct source *source, const struct adapter *bytes, const char *name, struct adapter *adapter, struct error *err)
{
    cleanup_strings struct strings options = {0};
    cleanup_free char *uri = probe_uri(bytes->path);
    strings_add(&options, uri);
    struct adapter_command command = {.directory = source->directory, .name = name, .options = &options, .secret_fd = -1, .offline = true};
    return adapter_start_nbdfuse(&command, adapter, err);
}

/* qemu takes what a flat part lacks for zeroes. */
static int check_size(const struct vmdk_part *part, const char *file, struct error *err)
{
    struct stat st;
    if (stat(file, &st) < 0)
        return error_errno(err, "look at %s", file);
    uint64_t has = (uint64_t)st.st_size / SECTOR_BYTES, needed = part->is_flat ? part->offset_sectors + part->sectors : 1;
    if (has >= needed)
        return 0;
    return error_set(err, "it has %llu sectors, and the VMDK's descriptor says %llu", (unsigned long long)has, (unsigned long long)needed);
}

static int check_name(const char *name, struct error *err)
{
    if (*name && !strchr(name, '/') && !string_is(name, ".") && !string_is(name, ".."))
        return 0;
    error_set(err, "a part of the disk is to be \"%.200s\", and a part is a file of the descriptor's own folder", name);
    return error_advise(err, "Put all parts into one folder, or make one image of them: qemu-img convert -O qcow2 OLD NEW.");
}

static int open_part(struct source *source, const struct vmdk_part *part, struct error *err)
{
    if (check_name(part->name, err) < 0)
        return -1;
    cleanup_free char *bytes_name = checked_printf("part-%zu", source->part_count), *file_name = checked_printf("file-%zu", source->part_count);
    struct source_part *opened = &source->parts[source->part_count++];
    if (start_bytes(source, part->name, bytes_name, &opened->bytes, err) < 0 || start_file(source, &opened->bytes, file_name, &opened->file, err) < 0 ||
        check_size(part, opened->file.path, err) < 0)
        return error_prefix(err, "read the part %s", part->name);
    return 0;
}

static int write_descriptor(struct source *source, const struct vmdk *vmdk, struct error *err)
{
    const char *paths[OPENED_MAX];
    for (size_t i = 0; i < source->part_count; i++)
        paths[i] = source->parts[i].file.path;
    cleanup_free char *text = vmdk_write(vmdk, paths);
    source->descriptor = pin_write(source->directory, "disk.vmdk", text, err);
    return source->descriptor ? 0 : -1;
}

/* Mounted in a place that nobody else sees, and that goes with us however we end. */
static int open_all(struct source *source, const struct vmdk *vmdk, struct error *err)
{
    if (vmdk->is_snapshot) {
        error_set(err, "it is a snapshot: what was not changed since stands in another VMDK");
        return error_advise(err, "Remove the snapshots on the source, or name the disk by NFS or SMB, with all its files in one folder.");
    }
    if (vmdk->part_count > OPENED_MAX) {
        error_set(err, "the disk has %zu parts, and no more than %d are read from there", vmdk->part_count, OPENED_MAX);
        return error_advise(err, "Name the disk by NFS or SMB, or make one image of it: qemu-img convert -O qcow2 OLD NEW.");
    }
    if (namespace_enter(err) < 0)
        return -1;
    source->parts = checked_alloc(vmdk->part_count * sizeof *source->parts);
    for (size_t i = 0; i < vmdk->part_count; i++)
        if (open_part(source, &vmdk->parts[i], err) < 0)
            return -1;
    return write_descriptor(source, vmdk, err);
}

int parts_open(struct source *source, struct error *err)
{
    struct vmdk vmdk;
    cleanup_free char *descriptor = probe_text(&source->transport, VMDK_DESCRIPTOR_MAX, err);
    if (!descriptor || vmdk_parse(descriptor, &vmdk, err) < 0)
        return -1;
    int result = open_all(source, &vmdk, err);
    vmdk_free(&vmdk);
    return result;
}

/* It passes over parts that are read-only (block/vmdk.c, vmdk_parse_extents), and the disk is so much shorter. */
static int compare(const struct vmdk *vmdk, uint64_t bytes, struct error *err)
{
    uint64_t sectors = 0;
    for (size_t i = 0; i < vmdk->part_count; i++)
        sectors += vmdk->parts[i].sectors;
    if (sectors == bytes / SECTOR_BYTES)
        return 0;
    error_set(err, "the VMDK's descriptor names parts of %llu sectors in all, and qemu reads %llu of them", (unsigned long long)sectors,
              (unsigned long long)bytes / SECTOR_BYTES);
    return error_advise(err, "Read-only parts are not read: write RW for RDONLY in a copy of the descriptor beside it, and name that.");
}

/* 1: it is a descriptor with its parts beside it; 0: it is not, and there is nothing to free. */
static int read_descriptor(const char *file, struct vmdk *vmdk, struct error *err)
{
    struct format_ends ends;
    if (probe_file(file, &ends, err) < 0)
        return -1;
    if (!is_descriptor(&ends))
        return 0;
    cleanup_free char *folder = checked_copy_bytes(file, (size_t)(strrchr(file, '/') - file + 1));
    cleanup_close int folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_free char *descriptor = folder_fd < 0 ? NULL : root_read(folder_fd, strrchr(file, '/') + 1, VMDK_DESCRIPTOR_MAX, NULL);
    if (!descriptor)
        return error_errno(err, "read %s", file);
    return vmdk_parse(descriptor, vmdk, err) == 0 ? 1 : error_prefix(err, "%s", file);
}

int parts_check(const char *file, uint64_t bytes, struct error *err)
{
    struct vmdk vmdk;
    int found = read_descriptor(file, &vmdk, err);
    if (found != 1)
        return found;
    int result = compare(&vmdk, bytes, err);
    vmdk_free(&vmdk);
    return result;
}

int parts_unlock(const char *file, cJSON *image, struct error *err)
{
    struct vmdk vmdk;
    int found = read_descriptor(file, &vmdk, err);
    if (found != 1)
        return found;
    for (size_t i = 0; i < vmdk.part_count; i++) {
        cleanup_free char *option = checked_printf("extents.%zu.locking", i);
        cJSON_AddStringToObject(image, option, "off");
    }
    vmdk_free(&vmdk);
    return 0;
}

bool parts_have(const struct source *source, const char *file)
{
    for (size_t i = 0; i < source->part_count; i++)
        if (string_is(source->parts[i].file.path, file))
            return true;
    return false;
}

/* What one that was killed leaves. */
static void unmount(const struct source *source, size_t i)
{
    cleanup_free char *folder = checked_printf("%s/file-%zu", source->directory, i);
    umount2(folder, MNT_DETACH | UMOUNT_NOFOLLOW);
}

static bool is_down(struct source_part *part)
{
    return adapter_is_down(&part->bytes) || adapter_is_down(&part->file);
}

bool parts_are_down(struct source *source)
{
    for (size_t i = 0; i < source->part_count; i++)
        if (is_down(&source->parts[i]))
            return true;
    return false;
}

/* nbdfuse does not connect twice. */
static int revive(const struct source *source, size_t i, struct error *err)
{
    struct source_part *part = &source->parts[i];
    if (adapter_is_down(&part->bytes) && adapter_start_again(&part->bytes, err) < 0)
        return -1;
    program_end(part->file.pid);
    part->file.pid = 0;
    unmount(source, i);
    return adapter_start_again(&part->file, err);
}

int parts_revive(struct source *source, bool *any, struct error *err)
{
    for (size_t i = 0; i < source->part_count; i++) {
        if (!is_down(&source->parts[i]))
            continue;
        *any = true;
        if (revive(source, i, err) < 0)
            return -1;
    }
    return 0;
}

void parts_close(struct source *source)
{
    for (size_t i = 0; i < source->part_count; i++) {
        adapter_end(&source->parts[i].file);
        unmount(source, i);
        adapter_end(&source->parts[i].bytes);
    }
    free(source->parts);
    source->parts = NULL;
    source->part_count = 0;
}

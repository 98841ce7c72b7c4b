/* See vmdk.h. */
#include "vmdk.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/cleanup.h"
#include "../base/text.h"

#define NAME_MAX_BYTES 511 /* qemu's limit */
#define SECTORS_MAX (UINT64_C(1) << 44) /* 8 PiB */

static const char *const types[] = {"monolithicFlat", "vmfs", "vmfsSparse", "seSparse", "twoGbMaxExtentSparse", "twoGbMaxExtentFlat"};

static const struct {
    const char *name;
    bool is_flat;
} part_types[] = {{"FLAT", true}, {"VMFS", true}, {"SPARSE", false}, {"VMFSSPARSE", false}, {"SESPARSE", false}};

static bool is_name(const char *name)
{
    for (const char *at = name; *at; at++)
        if (iscntrl((unsigned char)*at))
            return false;
    return true;
}

/* "4192256 SPARSE "web-s001.vmdk"", with an offset behind a flat one. */
static int take_part(const char *text, struct vmdk *vmdk, struct error *err)
{
    char type[16], name[NAME_MAX_BYTES + 2];
    unsigned long long sectors, offset = 0;
    int count = sscanf(text, "%llu %15s \"%511[^\"]\" %llu", &sectors, type, name, &offset);
    size_t kind = 0, kinds = sizeof part_types / sizeof *part_types;
    while (count >= 3 && kind < kinds && !string_is(type, part_types[kind].name))
        kind++;
    if (count < 3 || kind == kinds || !isdigit((unsigned char)*text) || !is_name(name) || sectors == 0 || sectors > SECTORS_MAX || offset > SECTORS_MAX)
        return error_set(err, "a part of the disk cannot be read from here: %.200s", text);
    if (vmdk->part_count == VMDK_PARTS_MAX)
        return error_set(err, "the disk has more than %d parts", VMDK_PARTS_MAX);
    vmdk->parts[vmdk->part_count++] = (struct vmdk_part){sectors, offset, part_types[kind].name, part_types[kind].is_flat, checked_copy(name)};
    return 0;
}

static int take_type(const char *value, struct vmdk *vmdk, struct error *err)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strlen(value) == strlen(types[i]) + 2 && *value == '"' && strncmp(value + 1, types[i], strlen(types[i])) == 0)
            vmdk->type = types[i];
    return vmdk->type ? 0 : error_set(err, "a VMDK of the kind %.64s has no parts that can be read from here", value);
}

static int take_line(const char *line, struct vmdk *vmdk, struct error *err)
{
    if (!*line || *line == '#')
        return 0;
    for (size_t i = 0; i < 2; i++) {
        const char *access = i ? "RDONLY " : "RW ";
        if (string_starts(line, access))
            return take_part(line + strlen(access), vmdk, err);
    }
    if (string_starts(line, "createType="))
        return take_type(line + strlen("createType="), vmdk, err);
    if (string_starts(line, "parentCID="))
        vmdk->is_snapshot = strcasecmp(line + strlen("parentCID="), "ffffffff") != 0;
    return strchr(line, '=') ? 0 : error_set(err, "a line of the VMDK's descriptor is not understood: %.200s", line);
}

static int parse(const char *descriptor, struct vmdk *vmdk, struct error *err)
{
    const char *line;
    size_t length;
    while (next_line(&descriptor, &line, &length)) {
        cleanup_free char *copy = checked_copy_bytes(line, length);
        if (take_line(string_trim(copy), vmdk, err) < 0)
            return -1;
    }
    return vmdk->type && vmdk->part_count ? 0 : error_set(err, "the VMDK's descriptor names no parts");
}

int vmdk_parse(const char *descriptor, struct vmdk *vmdk, struct error *err)
{
    *vmdk = (struct vmdk){.parts = checked_alloc(VMDK_PARTS_MAX * sizeof *vmdk->parts)};
    if (parse(descriptor, vmdk, err) == 0)
        return 0;
    vmdk_free(vmdk);
    return -1;
}

char *vmdk_write(const struct vmdk *vmdk, const char *const *paths)
{
    struct text text = {0};
    text_printf(&text, "# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\ncreateType=\"%s\"\n", vmdk->type);
    for (size_t i = 0; i < vmdk->part_count; i++) {
        const struct vmdk_part *part = &vmdk->parts[i];
        text_printf(&text, "RW %llu %s \"%s\"", (unsigned long long)part->sectors, part->type, paths[i]);
        if (string_is(part->type, "FLAT"))
            text_printf(&text, " %llu", (unsigned long long)part->offset_sectors);
        text_append(&text, "\n");
    }
    return text_take(&text);
}

void vmdk_free(struct vmdk *vmdk)
{
    for (size_t i = 0; i < vmdk->part_count; i++)
        free(vmdk->parts[i].name);
    free(vmdk->parts);
    *vmdk = (struct vmdk){0};
}

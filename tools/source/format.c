/* See format.h. */
#include "format.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "../base/text.h"

/* The type in a VHD's footer, of which the head of a growing one is a copy: big-endian, at byte 60. */
#define VHD_TYPE_OFFSET 60
#define VHD_TYPE_DIFFERENCING 4

static const struct {
    const char *name, *driver;
    const char *extensions[4];
} formats[FORMAT_COUNT] = {
    [FORMAT_RAW] = {"raw", "raw", {"raw", "img", "bin", "dd"}},
    [FORMAT_QCOW2] = {"qcow2", "qcow2", {"qcow2", "qcow"}},
    [FORMAT_VMDK] = {"vmdk", "vmdk", {"vmdk"}},
    [FORMAT_VHD] = {"vhd", "vpc", {"vhd", "vpc"}},
    [FORMAT_VHDX] = {"vhdx", "vhdx", {"vhdx"}},
    [FORMAT_VDI] = {"vdi", "vdi", {"vdi"}},
};

static const struct {
    const char *magic;
    size_t length, offset;
    enum format format;
} magics[] = {
    {"QFI\xfb", 4, 0, FORMAT_QCOW2},
    {"KDMV", 4, 0, FORMAT_VMDK},
    {"COWD", 4, 0, FORMAT_VMDK},
    {"# Disk DescriptorFile", 21, 0, FORMAT_VMDK},
    {"vhdxfile", 8, 0, FORMAT_VHDX},
    {"conectix", 8, 0, FORMAT_VHD},
    {"\x7f\x10\xda\xbe", 4, 64, FORMAT_VDI},
};

const char *format_driver(enum format format)
{
    return formats[format].driver;
}

enum format format_of(const struct format_ends *ends)
{
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
        if (memcmp(ends->head + magics[i].offset, magics[i].magic, magics[i].length) == 0)
            return magics[i].format;
    /* a VHD of fixed size is the disk itself and a footer */
    return memcmp(ends->tail, "conectix", 8) == 0 ? FORMAT_VHD : FORMAT_RAW;
}

static bool has_extension(enum format format, const char *extension)
{
    for (size_t i = 0; i < sizeof formats[format].extensions / sizeof *formats[format].extensions; i++)
        if (formats[format].extensions[i] && strcasecmp(extension, formats[format].extensions[i]) == 0)
            return true;
    return false;
}

/* "-flat.vmdk": the whole disk of an ESXi host, raw. */
static bool is_flat(const char *path)
{
    return string_ends(path, "-flat.vmdk");
}

/* "-s001.vmdk", "-f001.vmdk": some gigabytes of a disk. */
static bool is_part(const char *path)
{
    size_t length = strlen(path), tail = strlen("-s001.vmdk");
    const char *end = length > tail ? path + length - tail : "";
    return string_ends(end, ".vmdk") && *end == '-' && strchr("sf", end[1]) && isdigit((unsigned char)end[2]) &&
           isdigit((unsigned char)end[3]) && isdigit((unsigned char)end[4]);
}

/* FORMAT_COUNT: the name says nothing. */
static enum format format_by_name(const char *path)
{
    const char *base = strrchr(path, '/'), *dot = strrchr(base ? base : path, '.');
    if (is_flat(path))
        return FORMAT_RAW;
    for (enum format format = FORMAT_RAW; dot && format < FORMAT_COUNT; format++)
        if (has_extension(format, dot + 1))
            return format;
    return FORMAT_COUNT;
}

static int take_wanted(const char *path, const char *wanted, enum format found, enum format *format, struct error *err)
{
    for (*format = FORMAT_RAW; *format < FORMAT_COUNT; (*format)++)
        if (string_is(wanted, formats[*format].name) || string_is(wanted, formats[*format].driver))
            break;
    if (*format == FORMAT_COUNT) {
        error_set(err, "there is no format \"%.32s\"", wanted);
        return error_advise(err, "The formats are raw, qcow2, vmdk, vhd, vhdx and vdi.");
    }
    if (*format == FORMAT_RAW || *format == found)
        return 0;
    error_set(err, "%s is no %s image: by its first bytes it is %s", path, formats[*format].name, found == FORMAT_RAW ? "a raw disk" : formats[found].name);
    return error_advise(err, "Write #format=%s, or leave the format out.", formats[found].name);
}

/* The name and the content have to say the same. */
static int agree(const char *path, enum format found, enum format *format, struct error *err)
{
    enum format named = format_by_name(path);
    *format = found;
    if (found == named || (found == FORMAT_RAW && named == FORMAT_COUNT))
        return 0;
    if (found == FORMAT_RAW)
        error_set(err, "%s is named as a %s image, and its first bytes are not those of one", path, formats[named].name);
    else
        error_set(err, "%s begins as a %s image, and its name does not say so; a raw disk may begin like this too", path, formats[found].name);
    return error_advise(err, "Say what it is behind its URI (file:PATH for a file of this machine): #format=%s, or #format=raw.", formats[found == FORMAT_RAW ? named : found].name);
}

int format_choose(const char *path, const char *wanted, const struct format_ends *ends, enum format *format, struct error *err)
{
    enum format found = format_of(ends);
    if (wanted ? take_wanted(path, wanted, found, format, err) < 0 : agree(path, found, format, err) < 0)
        return -1;
    if (*format == FORMAT_VMDK && is_part(path)) {
        error_set(err, "%s is one part of a disk that stands in several files", path);
        return error_advise(err, "Name the image's descriptor, the small .vmdk file without a number.");
    }
    /* qemu would read what is in the parent as zeroes */
    if (*format == FORMAT_VHD && ends->head[VHD_TYPE_OFFSET + 3] == VHD_TYPE_DIFFERENCING && memcmp(ends->head, "conectix", 8) == 0) {
        error_set(err, "%s is a differencing VHD: what was not changed since its snapshot stands in another file", path);
        return error_advise(err, "Merge the snapshot on the source (Hyper-V: Merge-VHD), and name the result.");
    }
    return 0;
}

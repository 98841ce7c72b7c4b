/* See unified_image.h. Behind the heads of a program for UEFI stands the table of its sections. Nothing of it is believed: it comes from the guest. */
#include "unified_image.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../../base/bytes.h"
#include "../../base/cleanup.h"
#include "pe.h"

#define SECTIONS_MAX 96      /* what Windows loads at most */
#define TEXT_MAX 65536u      /* a command line has 2 KiB on x86 */
#define VERSION_MAX 128u
enum { COFF_SECTIONS = 6, COFF_OPTIONAL_BYTES = 20 };
enum { SECTION_BYTES = 40, SECTION_NAME_BYTES = 8, SECTION_SIZE = 8, SECTION_RAW_SIZE = 16, SECTION_RAW = 20 };
/* The x86 boot protocol: "HdrS" at 0x202, and at 0x20e where behind 0x200 the version stands. */
enum { BZIMAGE_MAGIC = 0x202, BZIMAGE_VERSION = 0x20e, BZIMAGE_VERSION_BASE = 0x200 };

/* Only what lies in the file as a whole. */
static bool take_section(const unsigned char *row, uint64_t file_bytes, uint64_t *offset, uint64_t *bytes)
{
    uint64_t size = get_le32(row + SECTION_SIZE), raw = get_le32(row + SECTION_RAW_SIZE);
    *offset = get_le32(row + SECTION_RAW);
    *bytes = size && size < raw ? size : raw; /* what is in the file is filled up to a unit of the linker */
    return *bytes && *offset && *offset + *bytes <= file_bytes;
}

bool unified_image_section(int fd, const char *name, uint64_t *offset, uint64_t *bytes)
{
    struct stat st;
    unsigned char coff[PE_COFF_BYTES], row[SECTION_BYTES];
    uint64_t at;
    if (fstat(fd, &st) < 0 || !pe_head(fd, coff, &at))
        return false;
    unsigned count = get_le16(coff + COFF_SECTIONS);
    at += get_le16(coff + COFF_OPTIONAL_BYTES);
    for (unsigned i = 0; i < count && i < SECTIONS_MAX; i++, at += SECTION_BYTES)
        if (!pe_read(fd, at, row, sizeof row))
            return false;
        else if (strncmp((const char *)row, name, SECTION_NAME_BYTES) == 0 && take_section(row, (uint64_t)st.st_size, offset, bytes))
            return true;
    return false;
}

/* A section that is a text, without blanks at its ends; the caller's, NULL when it is not there. */
static char *section_text(int fd, const char *name)
{
    uint64_t offset, bytes;
    if (!unified_image_section(fd, name, &offset, &bytes) || bytes > TEXT_MAX)
        return NULL;
    cleanup_free char *raw = checked_alloc(bytes + 1);
    return pe_read(fd, offset, raw, bytes) ? checked_copy(string_trim(raw)) : NULL;
}

/* systemd's ukify says it; images of mkinitcpio and objcopy do not, but the kernel itself does. */
static char *version_of(int fd, uint64_t linux_offset)
{
    char *said = section_text(fd, ".uname"), text[VERSION_MAX + 1] = "";
    unsigned char magic[4], place[2];
    if (said)
        return said;
    if (!pe_read(fd, linux_offset + BZIMAGE_MAGIC, magic, 4) || memcmp(magic, "HdrS", 4) != 0 || !pe_read(fd, linux_offset + BZIMAGE_VERSION, place, 2))
        return NULL;
    uint16_t at = get_le16(place);
    if (!at || !pe_read(fd, linux_offset + BZIMAGE_VERSION_BASE + at, text, VERSION_MAX))
        return NULL;
    return checked_copy_bytes(text, strcspn(text, " "));
}

/* PRETTY_NAME="Arch Linux" of the os-release that the image has in itself. */
static char *title_of(int fd)
{
    cleanup_free char *release = section_text(fd, ".osrel");
    const char *cursor = release, *line;
    for (size_t length; release && next_line(&cursor, &line, &length);) {
        cleanup_free char *copy = checked_copy_bytes(line, length);
        if (!string_starts(copy, "PRETTY_NAME="))
            continue;
        char *value = copy + strlen("PRETTY_NAME="), quote = *value;
        value += quote == '"' || quote == '\'';
        return checked_copy_bytes(value, strcspn(value, quote == '"' ? "\"" : quote == '\'' ? "'" : "\n"));
    }
    return NULL;
}

int unified_image_entry(int fd, const char *path, struct boot_entry *entry)
{
    uint64_t linux_offset, offset, bytes;
    if (!unified_image_section(fd, ".linux", &linux_offset, &bytes))
        return -1;
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    cleanup_free char *title = title_of(fd), *arguments = section_text(fd, ".cmdline");
    *entry = (struct boot_entry){.id = checked_copy(name), .title = title ? take_pointer(title) : checked_copy(name), .kernel = checked_copy(path),
                                 .version = version_of(fd, linux_offset), .is_unified = true};
    if (unified_image_section(fd, ".initrd", &offset, &bytes))
        entry->initrd = checked_copy(path);
    boot_entry_add_arguments(entry, arguments ? arguments : "");
    return 0;
}

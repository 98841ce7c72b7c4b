/* See pe.h: a head of DOS, at 0x3c the place of the COFF header, and behind that the optional header, which ends in a table of directories. */
#include "pe.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../base/bytes.h"

enum { COFF_PLACE = 0x3c, COFF_OPTIONAL_BYTES = 20 };
/* The directories stand behind 96 bytes of a program of 32 bits and 112 of one of 64, their number right before them. The fifth says
 * where in the file the signatures are, and how long. */
enum { MAGIC_32 = 0x10b, MAGIC_64 = 0x20b, DIRECTORIES_32 = 96, DIRECTORIES_64 = 112, DIRECTORY_BYTES = 8, SIGNATURES = 4, SIGNATURE_HEAD_BYTES = 8 };

bool pe_read(int fd, uint64_t offset, void *bytes, size_t length)
{
    return offset <= INT64_MAX && pread(fd, bytes, length, (off_t)offset) == (ssize_t)length;
}

bool pe_head(int fd, unsigned char coff[PE_COFF_BYTES], uint64_t *optional)
{
    unsigned char magic[2], place[4];
    if (!pe_read(fd, 0, magic, sizeof magic) || memcmp(magic, "MZ", 2) != 0 || !pe_read(fd, COFF_PLACE, place, sizeof place))
        return false;
    *optional = (uint64_t)get_le32(place) + PE_COFF_BYTES;
    return pe_read(fd, get_le32(place), coff, PE_COFF_BYTES) && memcmp(coff, "PE\0\0", 4) == 0;
}

enum pe_signature pe_signature(int fd)
{
    struct stat st;
    uint64_t optional;
    unsigned char coff[PE_COFF_BYTES], magic[2], count[4], place[DIRECTORY_BYTES];
    if (fstat(fd, &st) < 0 || !pe_head(fd, coff, &optional) || !pe_read(fd, optional, magic, sizeof magic))
        return PE_NO_PROGRAM;
    unsigned kind = get_le16(magic), directories = kind == MAGIC_64 ? DIRECTORIES_64 : DIRECTORIES_32, at = directories + SIGNATURES * DIRECTORY_BYTES;
    if ((kind != MAGIC_32 && kind != MAGIC_64) || !pe_read(fd, optional + directories - sizeof count, count, sizeof count))
        return PE_NO_PROGRAM;
    if (get_le32(count) <= SIGNATURES || at + sizeof place > get_le16(coff + COFF_OPTIONAL_BYTES) || !pe_read(fd, optional + at, place, sizeof place))
        return PE_UNSIGNED;
    uint64_t offset = get_le32(place), bytes = get_le32(place + 4);
    return offset && bytes > SIGNATURE_HEAD_BYTES && offset + bytes <= (uint64_t)st.st_size ? PE_SIGNED : PE_UNSIGNED;
}

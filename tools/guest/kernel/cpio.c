/* See cpio.h. The stream may come from a hostile guest: every size in it is checked against a bound. */
#include "cpio.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "../../base/read.h"

/* A whole Debian initrd with every driver has 3000 names and 300 MB; these are far off either. */
#define NAMES_MAX 300000
#define DATA_MAX (4ull << 30)
#define ZEROES_MAX (64ull << 20) /* between archives, which are filled up to a block */

bool cpio_is_header(const unsigned char *bytes, size_t length)
{
    return length >= 6 && (memcmp(bytes, "070701", 6) == 0 || memcmp(bytes, "070702", 6) == 0);
}

/* Makes at least `wanted` bytes stand in the buffer, or all that is left. Returns how many stand there, -1: error. */
static ssize_t fill(struct cpio_reader *reader, size_t wanted)
{
    if (reader->start && reader->end - reader->start < wanted) {
        memmove(reader->buffer, reader->buffer + reader->start, reader->end - reader->start);
        reader->end -= reader->start;
        reader->start = 0;
    }
    size_t has = reader->end - reader->start;
    ssize_t got = has < wanted ? read_at_least(reader->fd, reader->buffer + reader->end, wanted - has, sizeof reader->buffer - reader->end) : 0;
    if (got < 0)
        return -1;
    reader->end += (size_t)got;
    return (ssize_t)(reader->end - reader->start);
}

static void take(struct cpio_reader *reader, size_t length)
{
    reader->start += length;
    reader->position += length;
}

static int cut_off(const struct cpio_reader *reader, struct error *err)
{
    return error_set(err, "it is cut off at byte %llu of the archive", (unsigned long long)reader->position);
}

/* Passes over `length` bytes of data. */
static int skip(struct cpio_reader *reader, uint64_t length, struct error *err)
{
    while (length) {
        ssize_t got = fill(reader, 1);
        if (got < 0)
            return error_errno(err, "read");
        if (got == 0)
            return cut_off(reader, err);
        size_t part = (uint64_t)got < length ? (size_t)got : (size_t)length;
        take(reader, part);
        length -= part;
    }
    return 0;
}

/* As skip, and tells it. */
static int tell(struct cpio_reader *reader, const char *name, uint64_t length, void *context, struct error *err)
{
    ssize_t got = fill(reader, (size_t)length);
    if (got < 0)
        return error_errno(err, "read");
    if ((uint64_t)got < length)
        return cut_off(reader, err);
    reader->content(context, name, (const char *)reader->buffer + reader->start, (size_t)length);
    take(reader, (size_t)length);
    return 0;
}

/* Eight hexadecimal digits; -1 when one of them is none. */
static int64_t field(const unsigned char *header, unsigned index)
{
    int64_t value = 0;
    for (const unsigned char *digit = header + 6 + 8 * index, *end = digit + 8; digit < end; digit++) {
        int nibble = *digit >= '0' && *digit <= '9' ? *digit - '0' : (*digit | 32) >= 'a' && (*digit | 32) <= 'f' ? (*digit | 32) - 'a' + 10 : -1;
        if (nibble < 0)
            return -1;
        value = value * 16 + nibble;
    }
    return value;
}

struct header {
    int64_t mode, size, name_size;
};

static int read_header(struct cpio_reader *reader, struct header *header, struct error *err)
{
    if (fill(reader, CPIO_HEADER_BYTES) < CPIO_HEADER_BYTES)
        return cut_off(reader, err);
    const unsigned char *bytes = reader->buffer + reader->start;
    *header = (struct header){field(bytes, 1), field(bytes, 6), field(bytes, 11)};
    if (!cpio_is_header(bytes, CPIO_HEADER_BYTES) || header->mode < 0 || header->size < 0 || header->name_size < 1 || header->name_size > CPIO_NAME_MAX)
        return error_set(err, "there is no valid cpio header at byte %llu of the archive", (unsigned long long)reader->position);
    if (++reader->names > NAMES_MAX || (reader->data_bytes += (uint64_t)header->size) > DATA_MAX)
        return error_set(err, "it holds more than any initrd does (%u names, %llu bytes): not read further", reader->names, (unsigned long long)reader->data_bytes);
    take(reader, CPIO_HEADER_BYTES);
    return 0;
}

static int read_name(struct cpio_reader *reader, const struct header *header, char *name, struct error *err)
{
    size_t length = (size_t)header->name_size;
    if (fill(reader, length) < (ssize_t)length)
        return cut_off(reader, err);
    memcpy(name, reader->buffer + reader->start, length);
    name[length - 1] = '\0';
    take(reader, length);
    return 0;
}

/* Header and name together, and the data, are each filled up to a multiple of 4. */
static uint64_t padding(uint64_t length)
{
    return (4 - length % 4) % 4;
}

/* "./conf/modules" is conf/modules: busybox's cpio leaves names as they come. */
static const char *plain_name(const char *name)
{
    return string_starts(name, "./") ? name + 2 : name;
}

static int take_data(struct cpio_reader *reader, const char *name, const struct header *header, void *context, struct error *err)
{
    uint64_t size = (uint64_t)header->size;
    bool is_wanted = reader->wants && size <= CPIO_CONTENT_MAX && S_ISREG((uint32_t)header->mode) && reader->wants(name);
    if ((is_wanted ? tell(reader, name, size, context, err) : skip(reader, size, err)) < 0)
        return -1;
    return skip(reader, padding(size), err);
}

/* One archive up to its trailer. */
static int walk_archive(struct cpio_reader *reader, cpio_name *told, void *context, struct error *err)
{
    for (;;) {
        struct header header = {0};
        char name[CPIO_NAME_MAX];
        if (read_header(reader, &header, err) < 0 || read_name(reader, &header, name, err) < 0)
            return -1;
        if (strcmp(name, "TRAILER!!!") == 0) /* its own padding is zeroes like those that may follow it */
            return 0;
        if (skip(reader, padding(CPIO_HEADER_BYTES + (uint64_t)header.name_size), err) < 0)
            return -1;
        told(context, plain_name(name), (uint32_t)header.mode);
        if (take_data(reader, plain_name(name), &header, context, err) < 0)
            return -1;
    }
}

static int skip_zeroes(struct cpio_reader *reader, struct error *err)
{
    uint64_t from = reader->position;
    for (;;) {
        if (reader->position - from > ZEROES_MAX)
            return error_set(err, "behind byte %llu of the archive stand more zeroes than behind that of any initrd: not read further", (unsigned long long)from);
        ssize_t got = fill(reader, 1);
        if (got < 0)
            return error_errno(err, "read");
        if (got == 0)
            return 1;
        while (reader->start < reader->end && !reader->buffer[reader->start])
            take(reader, 1);
        if (reader->start < reader->end)
            return 0;
    }
}

int cpio_walk(struct cpio_reader *reader, cpio_name *told, void *context, struct error *err)
{
    for (;;) {
        int ended = skip_zeroes(reader, err);
        if (ended)
            return ended;
        ssize_t got = fill(reader, 6);
        if (got < 0)
            return error_errno(err, "read");
        if (!cpio_is_header(reader->buffer + reader->start, (size_t)got))
            return 0;
        if (walk_archive(reader, told, context, err) < 0)
            return -1;
    }
}

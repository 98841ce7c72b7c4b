/* See map.h. What partclone prints:
 *
 *     # Domain logfile created by partclone.ext4 v0.3.36
 *     # current_pos  current_status
 *     0x19000000     ?
 *     #      pos        size  status
 *     0x00000000  0x007CD000  +
 *     0x007CD000  0x00033400  ?
 */
#include "map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/bytes.h"
#include "../base/text.h"

/* Boot loaders and labels stand there, and swap's header: it always travels. */
#define KEEP_BYTES (1u << 20)

/* "0x…" and blanks; the rest of the line, or NULL. */
static const char *take_number(const char *at, uint64_t *number)
{
    char *end;
    if (!string_starts(at, "0x"))
        return NULL;
    errno = 0;
    *number = strtoull(at, &end, 16);
    return errno || (*end != ' ' && *end != '\t') ? NULL : end + strspn(end, " \t");
}

static bool take_range(struct map_reader *reader, const char *line)
{
    uint64_t start, size;
    const char *rest = take_number(line, &start);
    const char *status = rest ? take_number(rest, &size) : NULL;
    if (!status || start != reader->at || size == 0 || size > reader->volume->size_bytes - reader->at)
        return false;
    reader->at += size;
    if (string_is(status, "?"))
        volume_add_free(reader->volume, most(start, KEEP_BYTES), reader->at, reader->on_disk);
    else if (!string_is(status, "+"))
        return false;
    return true;
}

static bool take_line(void *context, const char *line)
{
    struct map_reader *reader = context;
    if (*line == '#' || !*line)
        return true;
    if (reader->has_total)
        return take_range(reader, line);
    const char *status = take_number(line, &reader->total);
    reader->has_total = status && string_is(status, "?");
    return reader->has_total;
}

void map_reader_take(struct map_reader *reader, const char *bytes, size_t length)
{
    lines_take(&reader->lines, bytes, length, take_line, reader);
}

bool map_reader_end(const struct map_reader *reader)
{
    return !reader->lines.odd && reader->lines.length == 0 && reader->has_total && reader->at == reader->total && reader->at > 0;
}

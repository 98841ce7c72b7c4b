/* What a copy does with ranges that it does not ask the source for. See copy.h. */
#include "../base/bytes.h"
#include "copy.h"

int copy_clear(const struct copy *copy, uint64_t start, uint64_t end, void *scratch, uint64_t *zero_bytes, struct error *err)
{
    for (uint64_t at = start; at < end;) {
        size_t i = extents_find(copy->in_use, at);
        uint64_t used_start = i < copy->in_use->count ? least(copy->in_use->items[i].start, end) : end;
        if (used_start == end)
            return 0;
        uint64_t used_end = least(copy->in_use->items[i].end, end);
        at = most(at, used_start);
        if (target_zero(copy->target, at, used_end - at, scratch, err) < 0)
            return -1;
        *zero_bytes += used_end - at;
        at = used_end;
    }
    return 0;
}

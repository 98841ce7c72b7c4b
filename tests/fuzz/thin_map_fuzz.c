/* What thin_dump prints of a pool that a guest has made. Only blocks of the pool are marked, each is counted once, and in one piece or byte by byte it
 * is the same. */
#include <string.h>

#include "fuzz.h"
#include "used/thin_map.h"

#define BLOCKS 999

static void read_in(struct thin_map *map, const char *text, size_t step)
{
    *map = (struct thin_map){.bits = checked_alloc(BLOCKS / 8 + 1), .block_count = BLOCKS};
    for (size_t at = 0, length = strlen(text); at < length; at += step)
        thin_map_take(map, text + at, length - at < step ? length - at : step);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct thin_map whole, bytewise;
    cleanup_free char *text = fuzz_text(data, size);
    read_in(&whole, text, size + 1);
    read_in(&bytewise, text, 1);
    uint64_t marked = 0;
    for (uint64_t block = 0; block < BLOCKS; block++)
        marked += thin_map_has(&whole, block);
    must(marked == whole.mapped_count);
    must(thin_map_end(&whole) == thin_map_end(&bytewise) && whole.mapped_count == bytewise.mapped_count);
    free(whole.bits);
    free(bytewise.bits);
    return 0;
}

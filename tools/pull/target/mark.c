/* See mark.h. */
#include "mark.h"

#include <string.h>
#include <xxhash.h>

#include "../../base/bytes.h"
#include "target.h"

/* Behind the marker that stands over boot code elsewhere. */
#define MARK_DIGEST HELD_CODE_AREA

/* What tells one superblock from another, and neither a mount nor an assembly changes: of all three kinds the beginning, with XFS's sb_uuid at 32 and md's
 * set_uuid at 16, and what stands at 168, where LUKS (1 and 2) has its UUID and md its device_uuid. */
enum { START_BYTES = 96, LATER = 168, LATER_BYTES = 16 };

static XXH128_canonical_t digest_of(const unsigned char first[SECTOR])
{
    unsigned char known[START_BYTES + LATER_BYTES];
    XXH128_canonical_t canonical;
    memcpy(known, first, START_BYTES);
    memcpy(known + START_BYTES, first + LATER, LATER_BYTES);
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(known, sizeof known));
    return canonical;
}

uint64_t mark_place(uint64_t target_bytes)
{
    return align_down(target_bytes - PAGE_BYTES, PAGE_BYTES);
}

bool mark_hides_nothing(uint64_t target_bytes, uint64_t source_bytes, const struct extents *in_use)
{
    uint64_t place = mark_place(target_bytes);
    size_t i = extents_find(in_use, place);
    return place >= source_bytes || i == in_use->count || in_use->items[i].start >= place + SECTOR;
}

void mark_encode(unsigned char sector[SECTOR], const unsigned char first[SECTOR], const struct journal *journal)
{
    XXH128_canonical_t digest = digest_of(first);
    memset(sector, 0, SECTOR);
    held_encode(sector, journal);
    memcpy(sector + MARK_DIGEST, digest.digest, sizeof digest.digest);
}

bool mark_decode(const unsigned char sector[SECTOR], const unsigned char first[SECTOR], struct journal *journal)
{
    XXH128_canonical_t digest = digest_of(first);
    return memcmp(sector + MARK_DIGEST, digest.digest, sizeof digest.digest) == 0 && held_decode(sector, journal);
}

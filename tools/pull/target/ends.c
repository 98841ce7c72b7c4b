/* See ends.h. */
#include "ends.h"

#include <stdlib.h>
#include <string.h>

#include "../../base/bytes.h"
#include "../../base/cleanup.h"
#include "mark.h"

static int write_zeroes(struct target *target, uint64_t start, uint64_t end, unsigned char *zeroes, struct error *err)
{
    for (; start < end; start += least(MIB, end - start))
        if (target_write(target, zeroes, start, (size_t)least(MIB, end - start), err) < 0)
            return -1;
    return 0;
}

static int wipe_tails(struct target *target, const struct ends *ends, unsigned char *zeroes, struct error *err)
{
    memset(zeroes, 0, MIB);
    if (write_zeroes(target, ends->tail_start, ends->source_bytes, zeroes, err) < 0)
        return -1;
    uint64_t last = align_down(target->size_bytes - MIB, PAGE_BYTES);
    return write_zeroes(target, most(ends->source_bytes, last), target->size_bytes, zeroes, err);
}

/* The first page: this sector, and `rest` behind it. */
static int write_first_page(struct target *target, const unsigned char *sector, const unsigned char *rest, struct error *err)
{
    cleanup_free unsigned char *page = aligned_alloc_checked(PAGE_BYTES);
    memcpy(page, sector, SECTOR);
    memcpy(page + SECTOR, rest + SECTOR, PAGE_BYTES - SECTOR);
    return target_write(target, page, 0, PAGE_BYTES, err) < 0 ? -1 : target_flush(target, err);
}

/* The old system must not start any more before anything else of it is touched. The rest of the page stays as it was: a sector is written whole
 * or not at all, and of more than one some may be lost when the power is cut. */
static int wipe_first_sector(struct target *target, const unsigned char *label, struct error *err)
{
    cleanup_free unsigned char *page = aligned_alloc_checked(PAGE_BYTES);
    return target_read(target, page, 0, PAGE_BYTES, err) < 0 ? -1 : write_first_page(target, label, page, err);
}

int ends_prepare(struct target *target, struct journal *journal, const struct ends *ends, struct error *err)
{
    cleanup_free unsigned char *head = aligned_alloc_checked(HEAD_BYTES);
    memset(head, 0, HEAD_BYTES);
    journal->sequence = 1;
    label_encode(journal, head);
    journal_encode(journal, head + JOURNAL_SLOT_OFFSET(1));
    if (wipe_first_sector(target, head, err) < 0 || target_write(target, head, 0, HEAD_BYTES, err) < 0)
        return -1;
    return wipe_tails(target, ends, head, err) < 0 ? -1 : target_flush(target, err);
}

/* All but the first page. */
static int write_both(struct target *target, const struct ends *ends, struct error *err)
{
    size_t tail_bytes = (size_t)(ends->source_bytes - ends->tail_start);
    if (target_write(target, ends->tail, ends->tail_start, tail_bytes, err) < 0)
        return -1;
    return target_write(target, ends->head + PAGE_BYTES, PAGE_BYTES, HEAD_BYTES - PAGE_BYTES, err) < 0 ? -1 : target_flush(target, err);
}

static int compare(const struct target *target, const unsigned char *expected, uint64_t offset, size_t length, struct error *err)
{
    cleanup_free unsigned char *buffer = aligned_alloc_checked(align_up(length, PAGE_BYTES) + TARGET_AROUND_BYTES);
    const unsigned char *seen = target_read_around(target, buffer, offset, length, err);
    if (!seen)
        return -1;
    for (size_t at = 0; at < length; at++)
        if (seen[at] != expected[at])
            return target_refuse(target, offset + at, err);
    return 0;
}

static int compare_both(const struct target *target, const struct ends *ends, struct error *err)
{
    if (compare(target, ends->tail, ends->tail_start, (size_t)(ends->source_bytes - ends->tail_start), err) < 0)
        return -1;
    return compare(target, ends->head + PAGE_BYTES, PAGE_BYTES, HEAD_BYTES - PAGE_BYTES, err);
}

static int place_both(struct target *target, const struct ends *ends, bool check, struct error *err)
{
    if (write_both(target, ends, err) < 0)
        return -1;
    if (!check || compare_both(target, ends, NULL) == 0)
        return 0;
    return write_both(target, ends, err) < 0 ? -1 : compare_both(target, ends, err);
}

/* Before the first sector: with that in place the mark is all that tells. */
static int place_mark(struct target *target, const struct journal *journal, const struct ends *ends, const struct extents *in_use, struct error *err)
{
    unsigned char mark[SECTOR];
    if (!mark_hides_nothing(target->size_bytes, ends->source_bytes, in_use))
        return 0;
    mark_encode(mark, ends->head, journal);
    return target_write(target, mark, mark_place(target->size_bytes), SECTOR, err) < 0 ? -1 : target_flush(target, err);
}

int ends_finish(struct target *target, struct journal *journal, const struct ends *ends, const struct ending *ending, struct error *err)
{
    static const unsigned char nothing[PAGE_BYTES];
    unsigned char label[SECTOR], first[SECTOR];
    if (target_flush(target, err) < 0)
        return -1;
    journal->complete = true;
    label_encode(journal, label);
    if (write_first_page(target, label, nothing, err) < 0 || place_both(target, ends, ending->check, err) < 0)
        return -1;
    /* The rest of the page before the sector: a sector is written whole or not at all, a page is not. */
    if (write_first_page(target, label, ends->head, err) < 0 || (ending->check && compare(target, ends->head + SECTOR, SECTOR, PAGE_BYTES - SECTOR, err) < 0))
        return -1;
    memcpy(first, ends->head, SECTOR);
    if (ending->hold && held_fits(first))
        held_encode(first, journal);
    else if (ending->hold && place_mark(target, journal, ends, ending->in_use, err) < 0)
        return -1;
    if (write_first_page(target, first, ends->head, err) < 0)
        return -1;
    return ending->check ? compare(target, first, 0, SECTOR, err) : 0;
}

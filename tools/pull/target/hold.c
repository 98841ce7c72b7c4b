/* See hold.h and pull.h. */
#include "hold.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../base/cleanup.h"
#include "../../base/text.h"

enum pull_state state_in_head(const unsigned char head[HEAD_BYTES], struct journal *journal)
{
    *journal = (struct journal){0};
    if (held_decode(head, journal))
        return PULL_HELD;
    return journal_find(head, journal) ? PULL_HALF_DONE : PULL_NONE;
}

static char *describe(enum pull_state state, const struct journal *journal)
{
    cleanup_free char *size = size_for_people(journal->source_bytes);
    if (state == PULL_HELD)
        return checked_printf("a complete copy of a source of %s whose boot code is held back", size);
    unsigned percent = (unsigned)(journal_settled_count(journal) * 100 / journal_chunk_count(journal));
    return checked_printf("a half-done copy of %s (%s), of which %u %% has arrived", journal->source, size, percent);
}

/* Reads the whole head; a disk that is smaller, or cannot be read, has nothing of ours on it. */
static bool read_head(const char *path, unsigned char *head)
{
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t done = 0;
    for (ssize_t got; fd >= 0 && done < HEAD_BYTES; done += (size_t)got)
        if ((got = pread(fd, head + done, HEAD_BYTES - done, (off_t)done)) <= 0)
            return false;
    return fd >= 0;
}

enum pull_state pull_state_of(const char *target, char **description)
{
    cleanup_free unsigned char *head = checked_alloc(HEAD_BYTES);
    struct journal journal = {0};
    enum pull_state state = read_head(target, head) ? state_in_head(head, &journal) : PULL_NONE;
    if (description)
        *description = state == PULL_NONE ? NULL : describe(state, &journal);
    journal_free(&journal);
    return state;
}

int write_boot_code(struct target *target, const unsigned char boot_code[BOOT_CODE_BYTES], struct error *err)
{
    cleanup_free unsigned char *page = aligned_alloc_checked(PAGE_BYTES), *seen = aligned_alloc_checked(PAGE_BYTES);
    __attribute__((cleanup(journal_free))) struct journal held = {0};
    if (target_read(target, page, 0, PAGE_BYTES, err) < 0)
        return -1;
    if (memcmp(page, boot_code, BOOT_CODE_BYTES) == 0)
        return 0; /* it is in place, or was never held */
    if (!held_decode(page, &held))
        return error_set(err, "%s has no held-back boot code: something else stands in its first sector", target->path);
    held_release(page, boot_code);
    if (target_write(target, page, 0, PAGE_BYTES, err) < 0 || target_flush(target, err) < 0 || target_read(target, seen, 0, PAGE_BYTES, err) < 0)
        return -1;
    return memcmp(page, seen, PAGE_BYTES) == 0 ? 0 : error_set(err, "%s: the boot code reads back different from what was written", target->path);
}

int pull_release(const char *path, const unsigned char boot_code[BOOT_CODE_BYTES], struct error *err)
{
    struct target target;
    if (access(path, F_OK) < 0)
        return error_errno(err, "release the boot code: open %s", path);
    if (target_open(&target, path, HEAD_BYTES, err) < 0)
        return error_prefix(err, "release the boot code");
    int status = write_boot_code(&target, boot_code, err);
    if (status == 0)
        target_reread_partitions(&target);
    target_close(&target);
    return status < 0 ? error_prefix(err, "release the boot code") : 0;
}

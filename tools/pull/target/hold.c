/* See hold.h and pull.h. */
#include "hold.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../base/cleanup.h"
#include "../../base/text.h"
#include "mark.h"

enum pull_state state_in(const unsigned char head[HEAD_BYTES], const unsigned char mark[SECTOR], struct journal *journal)
{
    *journal = (struct journal){0};
    if (held_decode(head, journal))
        return PULL_HELD;
    if (journal_find(head, journal))
        return PULL_HALF_DONE;
    return mark_decode(mark, head, journal) ? PULL_HELD : PULL_NONE;
}

static char *describe(enum pull_state state, const struct journal *journal)
{
    cleanup_free char *size = size_for_people(journal->source_bytes);
    if (state == PULL_HELD)
        return checked_printf("a complete copy of a source of %s whose boot code is held back", size);
    unsigned percent = (unsigned)(journal_settled_count(journal) * 100 / journal_chunk_count(journal));
    return checked_printf("a half-done copy of %s (%s), of which %u %% has arrived", journal->source, size, percent);
}

static bool read_at(int fd, unsigned char *bytes, size_t length, uint64_t offset)
{
    size_t done = 0;
    for (ssize_t got; done < length; done += (size_t)got)
        if ((got = pread(fd, bytes + done, length - done, (off_t)(offset + done))) <= 0)
            return false;
    return true;
}

/* A disk that is smaller than what is looked for, or cannot be read, has nothing of ours on it. */
static bool read_what_tells(const char *path, unsigned char *head, unsigned char *mark)
{
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
    return size >= (off_t)HEAD_BYTES && read_at(fd, head, HEAD_BYTES, 0) && read_at(fd, mark, SECTOR, mark_place((uint64_t)size));
}

enum pull_state pull_state_of(const char *target, char **description)
{
    cleanup_free unsigned char *head = checked_alloc(HEAD_BYTES);
    unsigned char mark[SECTOR];
    struct journal journal = {0};
    enum pull_state state = read_what_tells(target, head, mark) ? state_in(head, mark, &journal) : PULL_NONE;
    if (description)
        *description = state == PULL_NONE ? NULL : describe(state, &journal);
    journal_free(&journal);
    return state;
}

/* Nothing of the guest stands there, whatever stands in the first sector by now. */
static int remove_mark(struct target *target, struct error *err)
{
    static const unsigned char nothing[SECTOR];
    __attribute__((cleanup(journal_free))) struct journal held = {0};
    unsigned char mark[SECTOR];
    uint64_t place = mark_place(target->size_bytes);
    if (target_read(target, mark, place, SECTOR, err) < 0)
        return -1;
    if (!held_decode(mark, &held))
        return 0;
    return target_write(target, nothing, place, SECTOR, err) < 0 ? -1 : target_flush(target, err);
}

/* Had it a place in this sector at all? What stands there may have changed since, as the superblock of a file system does that was mounted. */
static bool was_held(const unsigned char sector[SECTOR], const unsigned char boot_code[BOOT_CODE_BYTES])
{
    unsigned char first[SECTOR];
    memcpy(first, sector, SECTOR);
    memcpy(first, boot_code, BOOT_CODE_BYTES);
    return held_fits(first);
}

static int replace_marker(struct target *target, unsigned char *page, const unsigned char boot_code[BOOT_CODE_BYTES], struct error *err)
{
    cleanup_free unsigned char *seen = aligned_alloc_checked(PAGE_BYTES);
    __attribute__((cleanup(journal_free))) struct journal held = {0};
    if (!held_decode(page, &held))
        return error_set(err, "%s has no held-back boot code: something else stands in its first sector", target->path);
    held_release(page, boot_code);
    if (target_write(target, page, 0, PAGE_BYTES, err) < 0 || target_flush(target, err) < 0 || target_read(target, seen, 0, PAGE_BYTES, err) < 0)
        return -1;
    return memcmp(page, seen, PAGE_BYTES) == 0 ? 0 : error_set(err, "%s: the boot code reads back different from what was written", target->path);
}

int write_boot_code(struct target *target, const unsigned char boot_code[BOOT_CODE_BYTES], struct error *err)
{
    cleanup_free unsigned char *page = aligned_alloc_checked(PAGE_BYTES);
    if (target_read(target, page, 0, PAGE_BYTES, err) < 0)
        return -1;
    bool is_in_place = memcmp(page, boot_code, BOOT_CODE_BYTES) == 0;
    if (!is_in_place && was_held(page, boot_code) && replace_marker(target, page, boot_code, err) < 0)
        return -1;
    return remove_mark(target, err);
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

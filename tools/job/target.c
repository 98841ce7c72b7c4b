/* The target: the disk that will be destroyed. Chosen by the job when that leaves no doubt, by a person otherwise. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <linux/fs.h>

#include "../base/cleanup.h"
#include "disks.h"

/* USB disks and slow controllers come up to half a minute after the others. */
#define LATE_DISK_SECONDS 30

void target_free(struct target *target)
{
    free(target->device);
    free(target->name);
    free(target->model);
    free(target->serial);
    free(target->content);
    *target = (struct target){0};
}

static void show_in_state(struct run *run)
{
    struct job_state *state = &run->state;
    free(state->target);
    free(state->target_model);
    free(state->target_serial);
    free(state->target_content);
    state->target = checked_copy(run->target.device);
    state->target_model = checked_copy(run->target.model);
    state->target_serial = checked_copy(run->target.serial);
    state->target_content = checked_copy(run->target.content);
    state->target_bytes = run->target.size_bytes;
}

static int take_candidate(struct run *run, const struct candidate *candidate, struct error *err)
{
    const struct hardware_disk *disk = candidate->disk;
    if (candidate->problem) {
        error_set(err, "disk %s cannot be the target: %s", disk->device, candidate->problem);
        return error_advise(err, "Name another disk, or free this one.");
    }
    target_free(&run->target);
    run->target = (struct target){
        .device = checked_copy(disk->device),
        .name = checked_copy(disk->name),
        .model = checked_copy(disk->model && *disk->model ? disk->model : "no model name"),
        .serial = checked_copy(disk->serial),
        .size_bytes = disk->size_bytes,
        .content = checked_copy(candidate->content),
    };
    return 0;
}

static uint64_t size_of(const char *path, const struct stat *st)
{
    if (!S_ISBLK(st->st_mode))
        return (uint64_t)st->st_size;
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    uint64_t size = 0;
    return fd < 0 || ioctl(fd, BLKGETSIZE64, &size) < 0 ? 0 : size;
}

/* Outside of the appliance an image file, or a block device that is no hardware (a loop), may be the target. */
static int take_path(struct run *run, const char *path, struct error *err)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return error_errno(err, "disk %s", path);
    cleanup_free char *problem = disk_in_use(path);
    if (problem)
        return error_set(err, "disk %s cannot be the target: %s", path, problem);
    uint64_t size = size_of(path, &st);
    if (size < run->state.source_bytes) {
        error_set(err, "disk %s cannot be the target: it is smaller than the source (%llu bytes, the source has %llu)", path,
                  (unsigned long long)size, (unsigned long long)run->state.source_bytes);
        return error_advise(err, "Name a disk of at least the source's size.");
    }
    target_free(&run->target);
    run->target = (struct target){
        .device = checked_copy(path),
        .model = checked_copy(S_ISBLK(st.st_mode) ? "block device" : "image file"),
        .size_bytes = size,
        .content = disk_content(path),
    };
    return 0;
}

static bool is_plain_path(const struct run *run, const char *word)
{
    struct stat st;
    return !run->appliance && *word == '/' && stat(word, &st) == 0 && (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode));
}

static void show_candidates(struct run *run, const struct candidates *list)
{
    console_say(&run->console, "  Disks of this machine:\n");
    size_t number = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct candidate *candidate = &list->items[i];
        const struct hardware_disk *disk = candidate->disk;
        cleanup_free char *size = size_for_people(disk->size_bytes);
        cleanup_free char *mark = candidate->problem ? checked_copy(" -") : checked_printf("%2zu", ++number);
        console_say(&run->console, "  %s  %s  %s  %s  serial %s\n        holds %s\n", mark, disk->device, disk->model && *disk->model ? disk->model : "(no model name)", size,
                    disk->serial ? disk->serial : "none", candidate->content);
        if (candidate->problem)
            console_say(&run->console, "        not possible: %s\n", candidate->problem);
    }
    if (!list->count)
        console_say(&run->console, "     none; one that is plugged in now will be seen\n");
}

/* True when a disk has come or gone since the list was shown. */
static bool disks_changed(void *context)
{
    struct run *run = context;
    struct hardware now = {0};
    if (hardware_of(run->hardware_file, &now, NULL) < 0)
        return false;
    cleanup_free char *before = hardware_disks_key(&run->hardware), *after = hardware_disks_key(&now);
    hardware_free(&now);
    return !string_is(before, after);
}

static int take_answer(struct run *run, const struct candidates *list, const char *answer, struct error *err)
{
    bool is_number = *answer && strspn(answer, "0123456789") == strlen(answer);
    const struct candidate *candidate = is_number ? candidates_numbered(list, strtoul(answer, NULL, 10)) : NULL;
    if (!candidate && *answer)
        candidate = candidates_named(list, answer);
    if (candidate)
        return take_candidate(run, candidate, err);
    if (is_plain_path(run, answer))
        return take_path(run, answer, err);
    return error_set(err, *answer ? "\"%s\" is none of these disks" : "a disk has to be named%s", answer);
}

static int ask_disk(struct run *run, struct error *err)
{
    for (;;) {
        cleanup_candidates struct candidates list;
        if (candidates_find(run, &list, err) < 0)
            return -1;
        show_candidates(run, &list);
        cleanup_free char *answer = NULL;
        if (run_ask(run, "Disk (number, device or serial number): ", disks_changed, &answer, err) < 0)
            return error_advise(err, "Give disk= in the job (rehost-job(5)).");
        struct error wrong = {0};
        if (answer && take_answer(run, &list, answer, &wrong) == 0)
            return 0;
        if (answer)
            console_say(&run->console, "    %s.\n", wrong.message);
    }
}

/* 1: done, 0: not there yet, -1: cannot be. */
static int try_word(struct run *run, const char *word, bool *ambiguous, struct error *err)
{
    cleanup_candidates struct candidates list;
    if (candidates_find(run, &list, err) < 0)
        return -1;
    if (string_is(word, "auto")) {
        const struct candidate *only = list.usable == 1 ? candidates_numbered(&list, 1) : NULL;
        *ambiguous = list.usable > 1;
        if (*ambiguous)
            return error_set(err, "disk=auto: %zu disks could be meant", list.usable);
        return only ? take_candidate(run, only, err) < 0 ? -1 : 1 : 0;
    }
    const struct candidate *candidate = candidates_named(&list, word);
    if (candidate)
        return take_candidate(run, candidate, err) < 0 ? -1 : 1;
    return is_plain_path(run, word) ? take_path(run, word, err) < 0 ? -1 : 1 : 0;
}

static int find_by_job(struct run *run, bool *ambiguous, struct error *err)
{
    const char *word = run->job.disk;
    double until = state_now() + (run->appliance ? LATE_DISK_SECONDS : 0);
    for (bool said = false;; said = true) {
        int found = try_word(run, word, ambiguous, err);
        if (found)
            return found < 0 ? -1 : 0;
        if (state_now() >= until)
            break;
        if (!said)
            console_say(&run->console, "    no such disk yet (%s); waiting up to %d s for late ones ...\n", word, LATE_DISK_SECONDS);
        sleep(1);
    }
    if (string_is(word, "auto"))
        return error_set(err, "disk=auto: no disk of this machine can be the target");
    return error_set(err, "disk %s: this machine has no such disk", word);
}

/* A disk that was named and cannot be taken is never replaced by a guess; but a person may name another. An unattended run
 * asks too when "auto" fits several: waiting harms nothing, the wrong disk does. */
static int choose_disk(struct run *run, struct error *err)
{
    if (!run->job.disk)
        return ask_disk(run, err);
    struct error failure = {0};
    bool ambiguous = false;
    if (find_by_job(run, &ambiguous, &failure) == 0)
        return 0;
    bool may_ask = ambiguous || !run->job.confirmed;
    if (may_ask)
        console_say(&run->console, "    %s\n", failure.message);
    if (may_ask && ask_disk(run, err) == 0)
        return 0;
    *err = failure;
    return error_advise(err, "Give disk= the device or serial number of a disk that is large enough and free (rehost-job(5)).");
}

int stage_target(struct run *run, struct error *err)
{
    if (choose_disk(run, err) < 0)
        return -1;
    show_in_state(run);
    cleanup_free char *size = size_for_people(run->target.size_bytes);
    console_say(&run->console, "    %s: %s, %s, serial %s\n    it holds %s\n", run->target.device, run->target.model, size,
                run->target.serial ? run->target.serial : "none", run->target.content);
    return 0;
}

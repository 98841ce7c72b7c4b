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
#include "../base/clock.h"
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

static void show_in_state(struct run *run, unsigned i)
{
    struct disk_state *state = &run->state.disks[i];
    const struct target *target = &run->disks[i].target;
    free(state->target);
    free(state->target_model);
    free(state->target_serial);
    free(state->target_content);
    state->target = checked_copy(target->device);
    state->target_model = checked_copy(target->model);
    state->target_serial = checked_copy(target->serial);
    state->target_content = checked_copy(target->content);
    state->target_bytes = target->size_bytes;
}

static int take_candidate(struct run *run, unsigned i, const struct candidate *candidate, struct error *err)
{
    const struct hardware_disk *disk = candidate->disk;
    if (candidate->problem) {
        error_set(err, "disk %s cannot be the target: %s", disk->device, candidate->problem);
        return error_advise(err, "Name another disk, or free this one.");
    }
    target_free(&run->disks[i].target);
    run->disks[i].target = (struct target){
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
static int take_path(struct run *run, unsigned i, const char *path, struct error *err)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return error_errno(err, "disk %s", path);
    uint64_t source_bytes = run->state.disks[i].source_bytes;
    char *taken = disk_taken(run, i, path);
    cleanup_free char *problem = taken ? taken : disk_in_use(path);
    if (problem)
        return error_set(err, "disk %s cannot be the target: %s", path, problem);
    uint64_t size = size_of(path, &st);
    if (size < source_bytes) {
        error_set(err, "disk %s cannot be the target: it is smaller than the source (%llu bytes, the source has %llu)", path,
                  (unsigned long long)size, (unsigned long long)source_bytes);
        return error_advise(err, "Name a disk of at least the source's size.");
    }
    target_free(&run->disks[i].target);
    run->disks[i].target = (struct target){
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

static int take_answer(struct run *run, unsigned i, const struct candidates *list, const char *answer, struct error *err)
{
    bool is_number = *answer && strspn(answer, "0123456789") == strlen(answer);
    const struct candidate *candidate = is_number ? candidates_numbered(list, strtoul(answer, NULL, 10)) : NULL;
    if (!candidate && *answer)
        candidate = candidates_named(list, answer);
    if (candidate)
        return take_candidate(run, i, candidate, err);
    if (is_plain_path(run, answer))
        return take_path(run, i, answer, err);
    return error_set(err, *answer ? "\"%s\" is none of these disks" : "a disk has to be named%s", answer);
}

static int ask_disk(struct run *run, unsigned i, struct error *err)
{
    cleanup_free char *whose = run->disk_count > 1 ? checked_printf(" for %s", run->job.disks[i].source) : checked_copy("");
    cleanup_free char *question = checked_printf("Disk%s (number, device or serial number): ", whose);
    for (;;) {
        cleanup_candidates struct candidates list;
        if (candidates_find(run, i, &list, err) < 0)
            return -1;
        show_candidates(run, &list);
        cleanup_free char *answer = NULL;
        if (run_ask(run, question, disks_changed, &answer, err) < 0)
            return error_advise(err, "Give disk= in the job (rehost-job(5)).");
        struct error wrong = {0};
        if (answer && take_answer(run, i, &list, answer, &wrong) == 0)
            return 0;
        if (answer)
            console_say(&run->console, "    %s.\n", wrong.message);
    }
}

/* 1: done, 0: not there yet, -1: cannot be. */
static int try_word(struct run *run, unsigned i, const char *word, bool *ambiguous, struct error *err)
{
    cleanup_candidates struct candidates list;
    if (candidates_find(run, i, &list, err) < 0)
        return -1;
    if (string_is(word, "auto")) {
        const struct candidate *only = list.usable == 1 ? candidates_numbered(&list, 1) : NULL;
        *ambiguous = list.usable > 1;
        if (*ambiguous)
            return error_set(err, "disk=auto: %zu disks could be meant", list.usable);
        return only ? take_candidate(run, i, only, err) < 0 ? -1 : 1 : 0;
    }
    const struct candidate *candidate = candidates_named(&list, word);
    if (candidate)
        return take_candidate(run, i, candidate, err) < 0 ? -1 : 1;
    return is_plain_path(run, word) ? take_path(run, i, word, err) < 0 ? -1 : 1 : 0;
}

static int find_by_job(struct run *run, unsigned i, bool *ambiguous, struct error *err)
{
    const char *word = run->job.disks[i].disk;
    double until = clock_seconds() + (run->appliance ? LATE_DISK_SECONDS : 0);
    for (bool said = false;; said = true) {
        int found = try_word(run, i, word, ambiguous, err);
        if (found)
            return found < 0 ? -1 : 0;
        if (clock_seconds() >= until)
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
static int choose_disk(struct run *run, unsigned i, struct error *err)
{
    if (!run->job.disks[i].disk)
        return ask_disk(run, i, err);
    struct error failure = {0};
    bool ambiguous = false;
    if (find_by_job(run, i, &ambiguous, &failure) == 0)
        return 0;
    bool may_ask = ambiguous || !run->job.confirmed;
    if (may_ask)
        console_say(&run->console, "    %s\n", failure.message);
    if (may_ask && ask_disk(run, i, err) == 0)
        return 0;
    *err = failure;
    return error_advise(err, "Give disk= the device or serial number of a disk that is large enough and free (rehost-job(5)).");
}

int run_choose_target(struct run *run, unsigned i, struct error *err)
{
    if (choose_disk(run, i, err) < 0)
        return -1;
    show_in_state(run, i);
    const struct target *target = &run->disks[i].target;
    cleanup_free char *size = size_for_people(target->size_bytes);
    console_say(&run->console, "    %s: %s, %s, serial %s\n    it holds %s\n", target->device, target->model, size,
                target->serial ? target->serial : "none", target->content);
    return 0;
}

/* 0: named by the job, 1: auto, 2: asked for. What is named is not there for the others any more, and what "auto" means must not depend on answers. */
static unsigned order_of(const struct run *run, unsigned i)
{
    const char *word = run->job.disks[i].disk;
    return !word ? 2 : string_is(word, "auto");
}

/* Of several "auto" the largest source is first: where it fits, the smaller ones would fit too. */
static bool comes_before(const struct run *run, unsigned i, unsigned other)
{
    unsigned order = order_of(run, i), others = order_of(run, other);
    return order != others ? order < others : order == 1 && run->state.disks[i].source_bytes > run->state.disks[other].source_bytes;
}

static struct run_disk *next_without_target(struct run *run)
{
    struct run_disk *next = NULL;
    for (unsigned i = 0; i < run->disk_count; i++)
        if (!run->disks[i].target.device && (!next || comes_before(run, i, (unsigned)(next - run->disks))))
            next = &run->disks[i];
    return next;
}

/* A person who names the sources may have more of them; whoever wrote a job wrote all. Only the appliance's disks are there to be filled. */
static bool may_have_more(struct run *run)
{
    cleanup_candidates struct candidates list = {0};
    return run->appliance && run->source_was_asked && run->disk_count < DISKS_MAX &&
           candidates_find(run, run->disk_count, &list, NULL) == 0 && list.usable > 0;
}

int stage_target(struct run *run, struct error *err)
{
    for (struct run_disk *disk; (disk = next_without_target(run));)
        if (run_choose_target(run, (unsigned)(disk - run->disks), err) < 0)
            return -1;
    int more = 1;
    while (more == 1 && may_have_more(run))
        more = run_ask_another_disk(run, err);
    return more < 0 ? -1 : 0;
}

/* Two texts of one job made one: what the first says holds, what it is silent about comes from the other. */
#include <stdlib.h>

#include "../base/cleanup.h"
#include "keys.h"

static void take_if_missing(char **slot, char **other)
{
    if (!*slot)
        *slot = take_pointer(*other);
}

static void merge_strings(struct job *winner, struct job *loser)
{
    for (unsigned i = 0; i < DISKS_MAX; i++) {
        take_if_missing(&winner->disks[i].source, &loser->disks[i].source);
        take_if_missing(&winner->disks[i].disk, &loser->disks[i].disk);
    }
    take_if_missing(&winner->password_file, &loser->password_file);
    take_if_missing(&winner->luks_key, &loser->luks_key);
    take_if_missing(&winner->nic, &loser->nic);
    take_if_missing(&winner->ip, &loser->ip);
    take_if_missing(&winner->job, &loser->job);
}

static void merge_choices(struct job *winner, const struct job *loser, unsigned new_keys)
{
    if (new_keys & 1u << KEY_CONFIRM)
        winner->confirmed = loser->confirmed;
    if (new_keys & 1u << KEY_RESTART)
        winner->restart = loser->restart;
    if (new_keys & 1u << KEY_ALL)
        winner->all = loser->all;
    if (new_keys & 1u << KEY_READ_ERRORS)
        winner->zero_unreadable = loser->zero_unreadable;
    if (new_keys & 1u << KEY_VERIFY)
        winner->verify = loser->verify;
    if (new_keys & 1u << KEY_AFTER)
        winner->after = loser->after;
    if (new_keys & 1u << KEY_PATIENCE)
        winner->patience_seconds = loser->patience_seconds;
}

static void merge_lists(struct job *winner, const struct job *loser, unsigned new_keys)
{
    for (size_t i = 0; i < loser->nic_choice_count; i++) {
        bool known = false;
        for (size_t k = 0; k < winner->nic_choice_count; k++)
            known |= string_is(winner->nic_choices[k].old, loser->nic_choices[i].old);
        cleanup_free char *pair = checked_printf("%s=%s", loser->nic_choices[i].old, loser->nic_choices[i].mac);
        if (!known)
            job_add_map(winner, pair, NULL);
    }
    for (size_t i = 0; i < loser->addresses.count; i++)
        job_add_address(winner, loser->addresses.items[i]);
    for (size_t i = 0; new_keys & 1u << KEY_PACKAGES && i < loser->packages.count; i++)
        strings_add(&winner->packages, loser->packages.items[i]);
}

void job_merge(struct job *winner, struct job *loser)
{
    unsigned new_keys = loser->given & ~winner->given;
    merge_strings(winner, loser);
    merge_choices(winner, loser, new_keys);
    merge_lists(winner, loser, new_keys);
    winner->given |= loser->given;
}

void job_free(struct job *job)
{
    for (unsigned i = 0; i < DISKS_MAX; i++) {
        free(job->disks[i].source);
        free(job->disks[i].disk);
    }
    free(job->password_file);
    free(job->luks_key);
    free(job->nic);
    free(job->ip);
    free(job->job);
    for (size_t i = 0; i < job->nic_choice_count; i++) {
        free(job->nic_choices[i].old);
        free(job->nic_choices[i].mac);
    }
    free(job->nic_choices);
    strings_free(&job->addresses);
    strings_free(&job->packages);
    *job = (struct job){0};
}

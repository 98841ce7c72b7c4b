/* The keys of a job: what each takes, and the nearest one to what is none.
 *
 * A mistake here is found after minutes of boot, or by nobody in an unattended run: so whatever is not understood is an
 * error that names the place and the nearest right key, and nothing is guessed. */
#include "keys.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "../base/cleanup.h"
#include "../base/download.h"
#include "../source/source.h"

#define VALUE_MAX 4096

static int take_string(char **slot, const char *value)
{
    *slot = checked_copy(value);
    return 0;
}

static int take_source(char **slot, const char *value, struct error *err)
{
    return source_check(value, err) < 0 ? -1 : take_string(slot, value);
}

static int take_password_file(struct job *job, const char *value, struct error *err)
{
    (void)err;
    return take_string(&job->password_file, value);
}

static int take_luks_key(struct job *job, const char *value, struct error *err)
{
    (void)err;
    return take_string(&job->luks_key, value);
}

static int take_nic(struct job *job, const char *value, struct error *err)
{
    (void)err;
    return take_string(&job->nic, value);
}

static int take_ip(struct job *job, const char *value, struct error *err)
{
    return job_check_ip(value, err) < 0 ? -1 : take_string(&job->ip, value);
}

static int take_confirm(struct job *job, const char *value, struct error *err)
{
    if (!string_is(value, "yes") && !string_is(value, "ask"))
        return error_set(err, "it is \"yes\" or \"ask\", not \"%.100s\"", value);
    job->confirmed = string_is(value, "yes");
    return 0;
}

static int take_yes_no(bool *slot, const char *value, struct error *err)
{
    if (!string_is(value, "yes") && !string_is(value, "no"))
        return error_set(err, "it is \"yes\" or \"no\", not \"%.100s\"", value);
    *slot = string_is(value, "yes");
    return 0;
}

static int take_restart(struct job *job, const char *value, struct error *err)
{
    return take_yes_no(&job->restart, value, err);
}

static int take_all(struct job *job, const char *value, struct error *err)
{
    return take_yes_no(&job->all, value, err);
}

static int take_after(struct job *job, const char *value, struct error *err)
{
    for (int after = AFTER_REBOOT; after <= AFTER_HALT; after++)
        if (string_is(value, job_after_name((enum job_after)after))) {
            job->after = (enum job_after)after;
            return 0;
        }
    return error_set(err, "it is \"reboot\", \"poweroff\", \"shell\" or \"halt\", not \"%.100s\"", value);
}

static int take_patience(struct job *job, const char *value, struct error *err)
{
    char *end;
    bool forever = string_is(value, "forever");
    unsigned long seconds = strtoul(value, &end, 10);
    if (!forever && (!isdigit((unsigned char)*value) || *end || seconds > 1000000))
        return error_set(err, "it is a number of seconds from 0 to 1000000, or \"forever\", not \"%.100s\"", value);
    job->patience_seconds = forever ? UINT_MAX : (unsigned)seconds;
    return 0;
}

static int take_read_errors(struct job *job, const char *value, struct error *err)
{
    if (!string_is(value, "stop") && !string_is(value, "zero"))
        return error_set(err, "it is \"stop\" or \"zero\", not \"%.100s\"", value);
    job->zero_unreadable = string_is(value, "zero");
    return 0;
}

static int take_verify(struct job *job, const char *value, struct error *err)
{
    return take_yes_no(&job->verify, value, err);
}

static int take_map(struct job *job, const char *value, struct error *err)
{
    size_t before = job->nic_choice_count;
    if (job_add_map(job, value, err) < 0)
        return -1;
    if (job->nic_choice_count == before)
        return error_set(err, "the left side of \"%.200s\" is mapped twice; which one holds?", value);
    return 0;
}

static int take_address(struct job *job, const char *value, struct error *err)
{
    if (address_change_check(value, err) < 0)
        return -1;
    if (!job_add_address(job, value))
        return error_set(err, "the left side of \"%.200s\" is given two addresses; which one holds?", value);
    return 0;
}

static int take_packages(struct job *job, const char *value, struct error *err)
{
    if (*value != '/' && !download_is_url(value))
        return error_set(err, "it is an absolute path, or an URL (http, https, tftp), not \"%.200s\"", value);
    strings_add_new(&job->packages, value);
    return 0;
}

static int take_job(struct job *job, const char *value, struct error *err)
{
    (void)err;
    return take_string(&job->job, value);
}

static const struct key {
    const char *name;
    int (*take)(struct job *job, const char *value, struct error *err);
    bool repeats;
    bool each_disk; /* instead of `take`: a string of a disk, and with a number behind it of the second disk, the third ... */
} keys[KEY_COUNT] = {
    [KEY_SOURCE] = {"source", NULL, false, true},
    [KEY_PASSWORD_FILE] = {"password-file", take_password_file, false},
    [KEY_LUKS_KEY] = {"luks-key", take_luks_key, false, false},
    [KEY_DISK] = {"disk", NULL, false, true},
    [KEY_NIC] = {"nic", take_nic, false},
    [KEY_IP] = {"ip", take_ip, false},
    [KEY_MAP] = {"map", take_map, true},
    [KEY_ADDRESS] = {"address", take_address, true},
    [KEY_CONFIRM] = {"confirm", take_confirm, false},
    [KEY_RESTART] = {"restart", take_restart, false},
    [KEY_ALL] = {"all", take_all, false},
    [KEY_AFTER] = {"after", take_after, false},
    [KEY_PATIENCE] = {"patience", take_patience, false},
    [KEY_READ_ERRORS] = {"read-errors", take_read_errors, false},
    [KEY_VERIFY] = {"verify", take_verify, false},
    [KEY_PACKAGES] = {"packages", take_packages, true},
    [KEY_JOB] = {"job", take_job, false},
};

const char *job_key_name(size_t index)
{
    return index < KEY_COUNT ? keys[index].name : NULL;
}

static const char *nearest_key(const char *name)
{
    if (string_starts(name, JOB_PREFIX))
        name += strlen(JOB_PREFIX);
    size_t nearest = 0;
    for (size_t i = 1; i < KEY_COUNT; i++)
        if (edit_distance(name, keys[i].name) < edit_distance(name, keys[nearest].name))
            nearest = i;
    return keys[nearest].name;
}

static int say_unknown(const char *name, const char *prefix, struct error *err)
{
    struct text all = {0};
    for (size_t i = 0; i < KEY_COUNT; i++)
        text_printf(&all, "%s%s%s", i ? ", " : "", prefix, keys[i].name);
    error_set(err, "there is no key \"%s%.64s\"; the nearest is \"%s%s\"", prefix, name, prefix, nearest_key(name));
    error_advise(err, "The keys are: %s. See rehost-job(5).", all.data);
    text_free(&all);
    return -1;
}

static bool is_printable(const char *value)
{
    for (; *value; value++)
        if (iscntrl((unsigned char)*value))
            return false;
    return true;
}

/* "disk", or "disk2" for the second: the number of the first is never written. */
static bool is_key(const char *name, const struct key *key, unsigned *disk)
{
    *disk = 0;
    if (string_is(name, key->name))
        return true;
    if (!key->each_disk || !string_starts(name, key->name))
        return false;
    const char *digits = name + strlen(key->name);
    unsigned long number = *digits >= '1' && *digits <= '9' && strspn(digits, "0123456789") == strlen(digits) ? strtoul(digits, NULL, 10) : 0;
    *disk = (unsigned)number - 1;
    return number >= 2 && number <= DISKS_MAX;
}

static char **string_of_disk(struct job *job, size_t index, unsigned disk)
{
    return index == KEY_SOURCE ? &job->disks[disk].source : &job->disks[disk].disk;
}

static int take_value(struct job *job, size_t index, unsigned disk, const char *value, struct error *err)
{
    if (!keys[index].each_disk)
        return keys[index].take(job, value, err);
    char **slot = string_of_disk(job, index, disk);
    return index == KEY_SOURCE ? take_source(slot, value, err) : take_string(slot, value);
}

int job_take_pair(struct job *job, const char *name, const char *value, const char *prefix, struct error *err)
{
    unsigned disk = 0;
    size_t index = 0;
    while (index < KEY_COUNT && !is_key(name, &keys[index], &disk))
        index++;
    if (index == KEY_COUNT)
        return say_unknown(name, prefix, err);
    bool again = keys[index].each_disk ? *string_of_disk(job, index, disk) != NULL : job->given & 1u << index;
    if (again && !keys[index].repeats)
        return error_set(err, "the key \"%s%s\" is given twice; which one holds?", prefix, name);
    if (!*value)
        return error_set(err, "the key \"%s%s\" has no value", prefix, name);
    if (strlen(value) > VALUE_MAX)
        return error_set(err, "the value of \"%s%s\" is longer than %d bytes", prefix, name, VALUE_MAX);
    if (!is_printable(value))
        return error_set(err, "the value of \"%s%s\" holds control characters", prefix, name);
    if (take_value(job, index, disk, value, err) < 0)
        return error_prefix(err, "%s%s", prefix, name);
    job->given |= 1u << index;
    return 0;
}

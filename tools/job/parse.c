/* A job's text: `key=value` lines of a file, or rehost.KEY=VALUE words of the kernel's command line.
 *
 * A mistake here is found after minutes of boot, or by nobody in an unattended run: so whatever is not understood is an
 * error that names the place and the nearest right key, and nothing is guessed. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/cleanup.h"
#include "../base/download.h"
#include "../source/source.h"
#include "job.h"

#define VALUE_MAX 4096
#define PREFIX "rehost."

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
    unsigned long seconds = strtoul(value, &end, 10);
    if (!isdigit((unsigned char)*value) || *end || seconds > 1000000)
        return error_set(err, "it is a number of seconds from 0 to 1000000, not \"%.100s\"", value);
    job->patience_seconds = (unsigned)seconds;
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

/* The order is that of the bits in struct job's `given`. */
enum key_number { KEY_SOURCE, KEY_PASSWORD_FILE, KEY_LUKS_KEY, KEY_DISK, KEY_NIC, KEY_IP, KEY_MAP, KEY_ADDRESS, KEY_CONFIRM, KEY_RESTART, KEY_ALL, KEY_AFTER, KEY_PATIENCE, KEY_READ_ERRORS, KEY_VERIFY, KEY_PACKAGES, KEY_JOB, KEY_COUNT };

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
    if (string_starts(name, PREFIX))
        name += strlen(PREFIX);
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

/* One key and its value, into a job that holds what this text alone has said so far. */
static int take_pair(struct job *job, const char *name, const char *value, const char *prefix, struct error *err)
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

static void take_if_missing(char **slot, char **other)
{
    if (!*slot)
        *slot = take_pointer(*other);
}

/* Fills what `winner` was not told from `loser`. */
static void merge(struct job *winner, struct job *loser)
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
    unsigned new_keys = loser->given & ~winner->given;
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
    winner->given |= loser->given;
}

static int take_line(struct job *job, const char *start, size_t length, struct error *err)
{
    cleanup_free char *copy = checked_copy_bytes(start, length);
    char *line = string_trim(copy);
    if (!*line || *line == '#')
        return 0;
    char *equals = strchr(line, '=');
    if (!equals)
        return error_set(err, "\"%.64s\" is not of the form key=value", line);
    *equals = '\0';
    return take_pair(job, string_trim(line), string_trim(equals + 1), "", err);
}

static int parse_lines(const char *text, const char *name, struct job *fresh, struct error *err)
{
    const char *line;
    size_t length;
    unsigned number = 0;
    if (string_starts(text, "\xef\xbb\xbf")) /* the mark that Windows editors put first */
        text += 3;
    while (next_line(&text, &line, &length)) {
        number++;
        if (take_line(fresh, line, length, err) < 0)
            return error_prefix(err, "job %s: line %u", name, number);
    }
    if (fresh->job) /* a job that names a job would be a chain with no end in sight */
        return error_set(err, "job %s: the key \"job\" belongs on the kernel's command line, not into a job", name);
    return 0;
}

int job_parse_file(const char *text, size_t length, const char *name, struct job *job, struct error *err)
{
    if (length > JOB_FILE_MAX)
        return error_set(err, "job %s: it is larger than %d bytes, so it is no job", name, JOB_FILE_MAX);
    if (memchr(text, '\0', length))
        return error_set(err, "job %s: it is no text (it holds zero bytes)", name);
    cleanup_free char *copy = checked_copy_bytes(text, length);
    struct job fresh = {0};
    int result = parse_lines(copy, name, &fresh, err);
    if (result == 0)
        merge(job, &fresh);
    job_free(&fresh);
    return result;
}

/* The next word of a kernel command line without its quotes, or NULL at the end. Blanks inside double quotes belong to
 * the word, as in the kernel's own next_arg(). */
static char *next_word(const char **cursor, bool *closed)
{
    const char *at = *cursor;
    while (isspace((unsigned char)*at))
        at++;
    if (!*at)
        return NULL;
    bool quoted = false;
    char *word = checked_alloc(strlen(at) + 1), *end = word;
    for (; *at && (quoted || !isspace((unsigned char)*at)); at++)
        if (*at == '"')
            quoted = !quoted;
        else
            *end++ = *at;
    *closed = !quoted;
    *cursor = at;
    return word;
}

static int take_word(struct job *job, char *word, bool closed, struct error *err)
{
    if (!string_starts(word, PREFIX))
        return 0;
    if (!closed)
        return error_set(err, "%.64s: a quote is not closed", word);
    char *name = word + strlen(PREFIX);
    char *equals = strchr(name, '=');
    if (equals)
        *equals = '\0';
    return take_pair(job, name, equals ? equals + 1 : "", PREFIX, err);
}

int job_parse_command_line(const char *command_line, struct job *job, struct error *err)
{
    struct job fresh = {0};
    int result = 0;
    bool closed;
    for (char *word; result == 0 && (word = next_word(&command_line, &closed)); free(word))
        result = take_word(&fresh, word, closed, err);
    if (result == 0) {
        merge(&fresh, job);
        struct job loser = *job;
        *job = fresh;
        fresh = loser;
    } else
        error_prefix(err, "the kernel's command line");
    job_free(&fresh);
    return result;
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

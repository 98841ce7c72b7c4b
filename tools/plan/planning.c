/* See planning.h. */
#include "planning.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../base/cleanup.h"
#include "../base/root.h"

#define TEXT_MAX (8u << 20) /* the largest configuration file of a guest; debconf's database has 3 MB at most */

const struct hardware_disk *planning_disk(const struct planning *planning, size_t number)
{
    if (number == 0)
        return planning->plan->disk;
    return number <= planning->guest->other_count ? planning->plan->other_disks[number - 1] : NULL;
}

static struct operation *find_operation(const struct planning *planning, const char *path)
{
    for (size_t i = planning->plan->operation_count; i-- > 0;) {
        struct operation *operation = &planning->plan->operations[i];
        if ((operation->kind == OPERATION_WRITE || operation->kind == OPERATION_REMOVE) && string_is(operation->path, path))
            return operation;
    }
    return NULL;
}

static struct operation *add_operation(struct planning *planning, enum operation_kind kind, const char *why)
{
    struct plan *plan = planning->plan;
    plan->operations = checked_grow(plan->operations, plan->operation_count + 1, sizeof *plan->operations);
    struct operation *operation = &plan->operations[plan->operation_count++];
    *operation = (struct operation){.kind = kind, .step = checked_copy(planning->step), .why = checked_copy(why)};
    return operation;
}

char *planning_read(const struct planning *planning, const char *path)
{
    const struct operation *operation = find_operation(planning, path);
    if (operation)
        return operation->kind == OPERATION_WRITE ? checked_copy(operation->content) : NULL;
    size_t length = 0;
    char *text = root_read(planning->guest->root_fd, path, TEXT_MAX, &length);
    if (text && memchr(text, '\0', length)) { /* no text: it could not be written back as it was */
        free(text);
        return NULL;
    }
    return text;
}

void planning_list(const struct planning *planning, const char *directory, const char *ending, struct strings *paths)
{
    cleanup_strings struct strings names = {0};
    root_list(planning->guest->root_fd, directory, &names);
    for (size_t i = 0; i < names.count; i++) {
        cleanup_free char *path = checked_printf("%s/%s", directory, names.items[i]);
        cleanup_free char *text = string_ends(names.items[i], ending) ? planning_read(planning, path) : NULL;
        if (text)
            strings_add_new(paths, path);
    }
    for (size_t i = 0; i < planning->plan->operation_count; i++) {
        const struct operation *operation = &planning->plan->operations[i];
        size_t length = strlen(directory);
        if (operation->kind == OPERATION_WRITE && string_starts(operation->path, directory) && operation->path[length] == '/' &&
            !strchr(operation->path + length + 1, '/') && string_ends(operation->path, ending))
            strings_add_new(paths, operation->path);
    }
    strings_sort(paths);
}

static const char put_plain[] = "put a plain file or directory in its place on the source.";

/* Every directory above the path must be one, or not be there at all. */
static bool has_plain_parents(struct planning *planning, const char *path)
{
    int root_fd = planning->guest->root_fd;
    for (const char *at = path + 1; (at = strchr(at, '/')); at++) {
        cleanup_free char *directory = checked_copy_bytes(path, (size_t)(at - path));
        if (root_is_directory(root_fd, directory))
            continue;
        cleanup_free char *target = root_readlink(root_fd, directory);
        if (!target && !root_exists(root_fd, directory))
            return true;
        planning_block(planning, put_plain, "%s has to be changed, and %s is %s%s", path, directory,
                       target ? "a symbolic link to a directory that is not in the guest: " : "no directory", target ? target : "");
        return false;
    }
    return true;
}

/* A hostile or broken guest: the name is there, and no text can be put in its place. */
bool planning_is_plain(struct planning *planning, const char *path)
{
    int root_fd = planning->guest->root_fd;
    struct stat st;
    if (!has_plain_parents(planning, path))
        return false;
    if (root_stat(root_fd, path, &st) == 0) {
        if (S_ISREG(st.st_mode) && st.st_size <= ROOT_READ_MAX)
            return true;
        if (S_ISREG(st.st_mode)) /* the guest's own programs would read it for hours */
            planning_block(planning, put_plain, "%s has %lld bytes, which no such file has", path, (long long)st.st_size);
        else
            planning_block(planning, put_plain, "%s is no regular file", path);
        return false;
    }
    cleanup_free char *target = root_readlink(root_fd, path);
    if (!target)
        return true;
    planning_block(planning, put_plain, "%s is a symbolic link to %s, and there is no such file in the guest", path, target);
    return false;
}

bool planning_write(struct planning *planning, const char *path, const char *content, const char *why)
{
    cleanup_free char *before = planning_read(planning, path);
    if (string_is(before, content) || !planning_is_plain(planning, path))
        return false;
    struct operation *operation = find_operation(planning, path);
    if (operation && operation->kind == OPERATION_WRITE) {
        free(operation->content);
        char *both = strstr(operation->why, why) ? checked_copy(operation->why) : checked_printf("%s; %s", operation->why, why);
        free(operation->why);
        operation->why = both;
    } else {
        operation = add_operation(planning, OPERATION_WRITE, why);
        operation->path = checked_copy(path);
        operation->mode = 0644;
    }
    operation->content = checked_copy(content);
    operation->length = strlen(content);
    return true;
}

bool planning_write_program(struct planning *planning, const char *path, const char *content, const char *why)
{
    bool changes = planning_write(planning, path, content, why);
    if (changes)
        find_operation(planning, path)->mode = 0755;
    return changes;
}

bool planning_remove(struct planning *planning, const char *path, const char *why)
{
    if (!root_is_file(planning->guest->root_fd, path))
        return false;
    add_operation(planning, OPERATION_REMOVE, why)->path = checked_copy(path);
    return true;
}

struct operation *planning_run(struct planning *planning, const char *const *argv, unsigned timeout_seconds, const char *why)
{
    struct operation *operation = add_operation(planning, OPERATION_RUN, why);
    for (; *argv; argv++)
        strings_add(&operation->argv, *argv);
    operation->timeout_seconds = timeout_seconds;
    return operation;
}

void planning_install_loader(struct planning *planning, const char *directory, unsigned partition, const char *why)
{
    static const char *const files[] = {"ldlinux.sys", "ldlinux.c32"};
    struct operation *operation = add_operation(planning, OPERATION_INSTALL, why);
    operation->path = checked_copy(directory);
    operation->partition = partition;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        cleanup_free char *path = checked_printf("%s/%s", directory, files[i]);
        strings_add(&operation->changes, path);
    }
}

void planning_activate(struct planning *planning, unsigned partition, const char *why)
{
    add_operation(planning, OPERATION_ACTIVATE, why)->partition = partition;
}

void operation_set_initrd(struct operation *operation, const char *path, const char *kernel, const struct strings *drivers)
{
    operation->path = checked_copy(path);
    operation->kernel = checked_copy(kernel);
    for (size_t i = 0; i < drivers->count; i++)
        strings_add(&operation->drivers, drivers->items[i]);
}

void planning_extend(struct planning *planning, const char *initrd, const char *kernel, const struct strings *drivers, const char *why)
{
    operation_set_initrd(add_operation(planning, OPERATION_EXTEND, why), initrd, kernel, drivers);
}

static void add_finding(struct planning *planning, enum severity severity, const char *way_out, const char *format, va_list args)
{
    char *message = NULL;
    if (vasprintf(&message, format, args) < 0)
        message = checked_copy(format);
    struct plan *plan = planning->plan;
    for (size_t i = 0; i < plan->finding_count; i++)
        if (string_is(plan->findings[i].message, message)) {
            free(message);
            return;
        }
    plan->findings = checked_grow(plan->findings, plan->finding_count + 1, sizeof *plan->findings);
    plan->findings[plan->finding_count++] =
        (struct finding){.severity = severity, .step = checked_copy(planning->step), .message = message, .way_out = checked_copy(way_out)};
}

void planning_note(struct planning *planning, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_finding(planning, SEVERITY_NOTE, NULL, format, args);
    va_end(args);
}

void planning_warn(struct planning *planning, const char *way_out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_finding(planning, SEVERITY_WARNING, way_out, format, args);
    va_end(args);
}

void planning_block(struct planning *planning, const char *way_out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (planning->input->packages_follow && string_is(planning->step, "kernel"))
        add_finding(planning, SEVERITY_WARNING, "the packages that are handed in have to bring what is missing; it is looked at again after they were installed.", format, args);
    else
        add_finding(planning, SEVERITY_BLOCKER, way_out, format, args);
    va_end(args);
}

/* See undo.h. */
#include "undo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "../base/cleanup.h"
#include "../base/root.h"
#include "boot_sector.h"
#include "place.h"
#include "replace.h"

#define MANIFEST_MAX (4u << 20)
#define ROOM_TO_SPARE (8u << 20) /* for what the fix itself writes beside the kept files */

static char *path_in(int number, const char *name)
{
    return checked_printf("%s/%d/%s", UNDO_DIRECTORY, number, name);
}

int undo_latest(int root_fd)
{
    cleanup_strings struct strings names = {0};
    int latest = 0;
    root_list(root_fd, UNDO_DIRECTORY, &names);
    for (size_t i = 0; i < names.count; i++) {
        char *end;
        long number = strtol(names.items[i], &end, 10);
        if (!*end && number > latest && number < 1000000)
            latest = (int)number;
    }
    return latest;
}

static cJSON *manifest_read(int root_fd, int number)
{
    cleanup_free char *path = path_in(number, "manifest.json");
    cleanup_free char *text = root_read(root_fd, path, MANIFEST_MAX, NULL);
    return text ? cJSON_Parse(text) : NULL;
}

static int manifest_write(int root_fd, int number, const cJSON *manifest, struct error *err)
{
    cleanup_free char *path = path_in(number, "manifest.json");
    char *text = cJSON_Print(manifest);
    int result = text ? replace_file(root_fd, path, text, strlen(text), 0600, err) : error_set(err, "no memory for %s", path);
    cJSON_free(text);
    return result;
}

bool undo_is_complete(int root_fd, int number)
{
    cleanup_json cJSON *manifest = manifest_read(root_fd, number);
    return json_flag(manifest, "complete");
}

int undo_complete(int root_fd, int number, struct error *err)
{
    cleanup_json cJSON *manifest = manifest_read(root_fd, number);
    if (!manifest)
        return error_set(err, "the manifest of fix %d cannot be read again", number);
    cJSON_ReplaceItemInObject(manifest, "complete", cJSON_CreateTrue());
    return manifest_write(root_fd, number, manifest, err);
}

/* All paths that the plan touches, each once. */
static void paths_of(const struct plan *plan, struct strings *paths)
{
    for (size_t i = 0; i < plan->operation_count; i++) {
        const struct operation *operation = &plan->operations[i];
        if (operation->path && operation->kind != OPERATION_INSTALL)
            strings_add_new(paths, operation->path);
        for (size_t j = 0; j < operation->changes.count; j++)
            strings_add_new(paths, operation->changes.items[j]);
    }
}

static uint64_t size_of_all(int root_fd, const struct strings *paths)
{
    uint64_t size = 0;
    struct stat st;
    for (size_t i = 0; i < paths->count; i++)
        if (root_stat(root_fd, paths->items[i], &st) == 0 && S_ISREG(st.st_mode))
            size += ((uint64_t)st.st_size + 4095) & ~4095ull;
    return size;
}

/* Better to say it before anything is touched than to run out of space in the middle. */
static int check_room(int root_fd, const struct strings *paths, struct error *err)
{
    uint64_t room, needed = size_of_all(root_fd, paths) + ROOM_TO_SPARE;
    cleanup_close int fd = root_open(root_fd, UNDO_DIRECTORY, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0 || file_system_room(fd, &room) < 0)
        return error_errno(err, "look at the free space in %s", UNDO_DIRECTORY);
    if (room >= needed)
        return 0;
    cleanup_free char *has = size_for_people(room), *needs = size_for_people(needed);
    error_set(err, "the guest's file system has %s free, and keeping the old files below %s needs %s: No space left on device", has, UNDO_DIRECTORY, needs);
    if (err)
        err->errno_value = ENOSPC;
    return -1;
}

static int keep_copy(int root_fd, const struct place *place, const char *to, struct error *err)
{
    cleanup_close int from_fd = openat(place->directory_fd, place->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (from_fd < 0)
        return error_errno(err, "open %s", place->path);
    return restore_file(root_fd, to, from_fd, err);
}

/* The directories that a new file brings with it, innermost last. */
static void missing_directories(int root_fd, const char *path, struct strings *missing)
{
    for (const char *at = path + 1; (at = strchr(at, '/')); at++) {
        cleanup_free char *directory = checked_copy_bytes(path, (size_t)(at - path));
        if (!root_is_directory(root_fd, directory))
            strings_add(missing, directory);
    }
}

static int keep_one(int root_fd, int number, cJSON *entries, const char *path, struct error *err)
{
    cleanup_place struct place place;
    if (place_find(root_fd, path, &place, err) < 0)
        return -1;
    if (place.exists && !S_ISREG(place.st.st_mode))
        return error_set(err, "%s is no regular file", path);
    cJSON *entry = json_append_object(entries);
    json_add_string(entry, "path", place.path);
    if (!string_is(json_string(entry, "path"), place.path))
        return error_set(err, "the name %s is not UTF-8", place.path);
    if (!place.exists) {
        cleanup_strings struct strings missing = {0};
        missing_directories(root_fd, place.path, &missing);
        json_add_strings(entry, "new_directories", &missing);
        return 0;
    }
    cleanup_free char *name = checked_printf("%d", cJSON_GetArraySize(entries) - 1);
    cleanup_free char *kept = path_in(number, name);
    json_add_string(entry, "kept", name);
    return keep_copy(root_fd, &place, kept, err);
}

/* The name of a kept boot sector; the caller's. */
static char *sector_path(int number, int partition)
{
    cleanup_free char *name = partition == WHOLE_DISK ? checked_copy("disk") : checked_printf("partition-%d", partition);
    return path_in(number, name);
}

static int keep_sector(const struct guest *guest, int number, cJSON *list, int partition, const unsigned char *held_boot_code, struct error *err)
{
    unsigned char sector[BOOT_SECTOR_BYTES];
    cleanup_free char *path = sector_path(number, partition);
    cJSON_AddItemToArray(list, cJSON_CreateNumber(partition));
    if (boot_sector_read(guest, partition, held_boot_code, sector, err) < 0)
        return -1;
    return replace_file(guest->root_fd, path, (const char *)sector, sizeof sector, 0600, err);
}

/* extlinux goes into its partition's first sector, and what starts that into the disk's. */
static int keep_sectors(const struct guest *guest, int number, cJSON *manifest, const struct plan *plan, const unsigned char *held_boot_code, struct error *err)
{
    cJSON *list = cJSON_AddArrayToObject(manifest, "boot_sectors");
    for (size_t i = 0; i < plan->operation_count; i++) {
        const struct operation *operation = &plan->operations[i];
        bool is_install = operation->kind == OPERATION_INSTALL;
        if (!is_install && operation->kind != OPERATION_ACTIVATE)
            continue;
        if (keep_sector(guest, number, list, is_install ? (int)operation->partition : WHOLE_DISK, held_boot_code, err) < 0)
            return -1;
    }
    return 0;
}

static int keep_all(const struct guest *guest, int number, const struct plan *plan, const struct strings *paths, const unsigned char *held_boot_code, struct error *err)
{
    int root_fd = guest->root_fd;
    cleanup_json cJSON *manifest = cJSON_CreateObject();
    cJSON_AddNumberToObject(manifest, "version", 1);
    cJSON_AddFalseToObject(manifest, "complete");
    cJSON *entries = cJSON_AddArrayToObject(manifest, "entries");
    for (size_t i = 0; i < paths->count; i++)
        if (keep_one(root_fd, number, entries, paths->items[i], err) < 0)
            return -1;
    return keep_sectors(guest, number, manifest, plan, held_boot_code, err) < 0 ? -1 : manifest_write(root_fd, number, manifest, err);
}

/* Removes a fix's directory, the manifest first: without it there is nothing to undo. */
static void forget(int root_fd, int number)
{
    cleanup_strings struct strings names = {0};
    cleanup_free char *directory = checked_printf("%s/%d", UNDO_DIRECTORY, number);
    cleanup_close int fd = root_open(root_fd, directory, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        return;
    unlinkat(fd, "manifest.json", 0);
    root_list(fd, "/", &names);
    for (size_t i = 0; i < names.count; i++)
        unlinkat(fd, names.items[i], 0);
    for (int level = 0; level < 3; level++) { /* 1, undo, rehost: each goes when it is empty */
        const char *name;
        cleanup_close int parent = root_open_parent(root_fd, directory, &name);
        if (parent < 0 || unlinkat(parent, name, AT_REMOVEDIR) < 0)
            return;
        *strrchr(directory, '/') = '\0';
    }
}

int undo_keep(const struct guest *guest, const struct plan *plan, const unsigned char *held_boot_code, struct error *err)
{
    int root_fd = guest->root_fd;
    cleanup_strings struct strings paths = {0};
    int number = undo_latest(root_fd) + 1;
    cleanup_free char *directory = checked_printf("%s/%d", UNDO_DIRECTORY, number);
    paths_of(plan, &paths);
    if (make_directories(root_fd, directory, NULL, err) == 0 && check_room(root_fd, &paths, err) == 0 && keep_all(guest, number, plan, &paths, held_boot_code, err) == 0)
        return number;
    forget(root_fd, number);
    if (err && err->errno_value == ENOSPC)
        error_advise(err, "The guest's file system is full. Nothing was changed. Free some space on the source (apt-get clean, old kernels, logs) and start again.");
    return error_prefix(err, "keep the old files in the guest");
}

static int remove_new(int root_fd, const cJSON *entry, const char *path, struct error *err)
{
    cleanup_strings struct strings directories = {0};
    json_strings(entry, "new_directories", &directories);
    if (root_exists(root_fd, path) && remove_file(root_fd, path, err) < 0)
        return -1;
    for (size_t i = directories.count; i-- > 0;) {
        const char *name;
        cleanup_close int parent = root_open_parent(root_fd, directories.items[i], &name);
        if (parent >= 0 && unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT && errno != ENOTEMPTY && errno != EEXIST)
            return error_errno(err, "remove the directory %s", directories.items[i]);
    }
    return 0;
}

/* The manifest lies in the guest, so it is not trusted: a kept file is a plain number, and every path stays in the root. */
static int restore_one(int root_fd, int number, const cJSON *entry, struct error *err)
{
    const char *path = json_string(entry, "path"), *kept = json_string(entry, "kept");
    if (!path || *path != '/' || (kept && strspn(kept, "0123456789") != strlen(kept)))
        return error_set(err, "the manifest is damaged");
    if (!kept)
        return remove_new(root_fd, entry, path, err);
    cleanup_free char *from = path_in(number, kept);
    cleanup_close int fd = root_open(root_fd, from, O_RDONLY | O_NOFOLLOW, 0);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return error_errno(err, "open %s", from);
    return S_ISREG(st.st_mode) ? restore_file(root_fd, path, fd, err) : error_set(err, "%s is no regular file", from);
}

int undo_put_back(int root_fd, int number, const struct strings *paths, struct error *err)
{
    cleanup_json cJSON *manifest = manifest_read(root_fd, number);
    const cJSON *entry;
    cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(manifest, "entries"))
    {
        const char *path = json_string(entry, "path");
        if (path && strings_contain(paths, path) && restore_one(root_fd, number, entry, err) < 0)
            return -1;
    }
    return 0;
}

static int restore_sectors(const struct guest *guest, int number, const cJSON *manifest, struct error *err)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(manifest, "boot_sectors"))
    {
        int partition = item->valueint;
        size_t length = 0;
        cleanup_free char *path = sector_path(number, partition);
        cleanup_free char *sector = root_read(guest->root_fd, path, BOOT_SECTOR_BYTES, &length);
        if (!cJSON_IsNumber(item) || !sector || length != BOOT_SECTOR_BYTES)
            return error_set(err, "%s is damaged", path);
        if (boot_sector_restore(guest, partition, (const unsigned char *)sector, err) < 0)
            return -1;
    }
    return 0;
}

int undo_restore(const struct guest *guest, int number, struct error *err)
{
    int root_fd = guest->root_fd;
    cleanup_json cJSON *manifest = manifest_read(root_fd, number);
    const cJSON *entries = cJSON_GetObjectItemCaseSensitive(manifest, "entries");
    cleanup_free char *path = path_in(number, "manifest.json");
    if (!root_exists(root_fd, path)) { /* it is written before the first change: without it nothing was changed */
        forget(root_fd, number);
        return 0;
    }
    if (!cJSON_IsArray(entries))
        return error_set(err, "take back fix %d: %s is damaged", number, path);
    for (int i = cJSON_GetArraySize(entries); i-- > 0;)
        if (restore_one(root_fd, number, cJSON_GetArrayItem(entries, i), err) < 0)
            return error_prefix(err, "take back fix %d", number);
    if (restore_sectors(guest, number, manifest, err) < 0)
        return error_prefix(err, "take back fix %d", number);
    if (syncfs(root_fd) < 0)
        return error_errno(err, "flush the guest's file system");
    forget(root_fd, number);
    return 0;
}

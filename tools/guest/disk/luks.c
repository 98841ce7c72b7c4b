/* What is encrypted by LUKS, by cryptsetup itself. Keys go by its standard input, and are kept in memory alone. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../base/cleanup.h"
#include "../../base/root.h"
#include "../inspect.h"
#include "volumes.h"

#define TRIES 3           /* of a person */
#define NO_SUCH_KEY 2     /* cryptsetup(8): "no permission (bad passphrase)" */
#define KEY_BYTES_MAX (8u << 20) /* cryptsetup's own limit of a key file */
#define CRYPTTAB "/etc/crypttab"
#define CRYPTTAB_BYTES_MAX (1u << 20)

struct lock {
    struct partition *container;
    const char *device, *name; /* `name`: of the device-mapper */
    bool read_only;
};

static int in_memory(const char *bytes, size_t length)
{
    cleanup_close int fd = memfd_create("key", MFD_CLOEXEC);
    return fd >= 0 && write(fd, bytes, length) == (ssize_t)length ? take_fd(&fd) : -1;
}

/* 0: open. 1: not the key. -1. */
static int try_key(const struct lock *lock, int key_fd, struct error *err)
{
    int status = 0;
    const char *read_only = lock->read_only ? "--readonly" : NULL;
    const char *const argv[] = {"cryptsetup", "open", "--type", "luks", "--batch-mode", "--key-file=-", lock->device, lock->name, read_only, NULL};
    if (lseek(key_fd, 0, SEEK_SET) < 0)
        return error_errno(err, "read the key again");
    if (volume_run(argv, key_fd, NULL, &status, err) == 0)
        return 0;
    return status == NO_SUCH_KEY ? 1 : -1;
}

/* A passphrase that was written into a file by an editor has a line end that does not belong to it. */
static int try_without_line_end(const struct lock *lock, int key_fd, struct error *err)
{
    struct stat st;
    cleanup_free char *bytes = NULL;
    if (fstat(key_fd, &st) < 0 || st.st_size < 2 || st.st_size > KEY_BYTES_MAX)
        return 1;
    bytes = checked_alloc((size_t)st.st_size);
    if (pread(key_fd, bytes, (size_t)st.st_size, 0) != (ssize_t)st.st_size || bytes[st.st_size - 1] != '\n')
        return 1;
    cleanup_close int shorter = in_memory(bytes, (size_t)st.st_size - 1);
    explicit_bzero(bytes, (size_t)st.st_size);
    return shorter < 0 ? error_errno(err, "keep the key in memory") : try_key(lock, shorter, err);
}

static int try_keys(const struct lock *lock, const struct guest_keys *keys, struct error *err)
{
    int result = 1;
    for (size_t i = 0; keys && i < keys->count && result == 1; i++) {
        result = try_key(lock, keys->fds[i], err);
        if (result == 1)
            result = try_without_line_end(lock, keys->fds[i], err);
    }
    return result;
}

/* One that fits is kept, so that it is asked for once. */
static int try_answer(const struct lock *lock, struct guest_keys *keys, char *answer, struct error *err)
{
    cleanup_close int fd = in_memory(answer, strlen(answer));
    explicit_bzero(answer, strlen(answer));
    int result = fd < 0 ? error_errno(err, "keep the passphrase in memory") : try_key(lock, fd, err);
    if (result == 0 && keys->count < GUEST_KEYS_MAX)
        keys->fds[keys->count++] = take_fd(&fd);
    return result;
}

static int ask(const struct lock *lock, struct guest_keys *keys, struct error *err)
{
    int result = 1;
    cleanup_free char *words = partition_words(lock->container);
    cleanup_free char *question = checked_printf("Passphrase of %s, which is encrypted (Enter: leave it closed): ", words);
    for (int tries = 0; keys && keys->ask && tries < TRIES && result == 1; tries++) {
        cleanup_free char *answer = NULL;
        if (keys->ask(keys->context, question, &answer, err) < 0)
            return -1;
        if (!answer || !*answer) {
            keys->ask = NULL; /* nor is it asked for again when the copy is opened */
            return 1;
        }
        result = try_answer(lock, keys, answer, err);
    }
    return result;
}

static int unlock(const struct lock *lock, struct guest_keys *keys, struct error *err)
{
    int result = try_keys(lock, keys, err);
    if (result == 1)
        result = ask(lock, keys, err);
    if (result == 1 && keys && keys->count)
        return error_set(err, "it is encrypted, and no key that was given opens it");
    if (result == 1)
        return error_set(err, "it is encrypted, and no key was given (luks-key= in the job, --luks-key)");
    return result < 0 ? error_prefix(err, "cryptsetup does not open it") : 0;
}

static int open_one(struct guest *guest, enum guest_access access, struct partition *container, struct error *err)
{
    cleanup_free char *name = checked_printf("rehost-%d-luks-%zu", (int)getpid(), guest->disk.volume_count), *device = checked_printf("/dev/mapper/%s", name);
    struct lock lock = {.container = container, .device = volume_container(guest, container, access, err), .name = name, .read_only = access == GUEST_READ};
    cleanup_strings struct strings devices = {0};
    strings_add(&devices, device);
    if (!lock.device || volume_mapper_ready((const char *const[]){"dm_mod", "dm_crypt", NULL}, err) < 0 || unlock(&lock, guest->keys, err) < 0)
        return -1;
    volume_undo_by(guest, (const char *const[]){"cryptsetup", "close", name, NULL}, &devices);
    struct partition *volume = volume_add(guest, device, LAYER_CRYPT, container);
    if (!volume)
        return 0;
    volume->container = container;
    strings_add_new(&volume->drivers, "dm_mod");
    strings_add_new(&volume->drivers, "dm_crypt");
    volume_probe(guest, volume);
    return 0;
}

void luks_open(struct guest *guest, enum guest_access access)
{
    struct partition *part;
    for (size_t cursor = 0; (part = volume_next_container(guest, "crypto_LUKS", &cursor));) {
        struct error err = {0};
        part->opened = open_one(guest, access, part, &err) == 0;
        if (!part->opened)
            volume_stays_closed(part, string_trim(err.message));
    }
}

static bool is_name(const char *name)
{
    return volume_name_is_harmless(name) && *name != '-' && *name != '.' && strlen(name) < 100;
}

/* A path in the guest: not "none", not a device's bytes, not "FILE:DEVICE" on another device; and to a keyscript it is but an argument. */
static bool is_key_file(const char *key, const char *options)
{
    return key && *key == '/' && !string_starts(key, "/dev/") && !strchr(key, ':') && !(options && strstr(options, "keyscript="));
}

static char *next_field(char **rest)
{
    char *field = *rest ? *rest + strspn(*rest, " \t") : NULL;
    *rest = field;
    return field && *field ? strsep(rest, " \t") : NULL;
}

/* NAME DEVICE KEY-FILE OPTIONS (crypttab(5)) */
static void take_line(struct guest *guest, char *line)
{
    const char *name = next_field(&line), *device = next_field(&line), *key = next_field(&line), *options = next_field(&line);
    if (!device || *name == '#' || !is_name(name))
        return;
    const struct partition *container = guest_find_partition(guest, device);
    for (size_t i = 0; container && i < guest->disk.volume_count; i++) {
        struct partition *volume = &guest->disk.volumes[i];
        if (volume->kind != LAYER_CRYPT || volume->container != container || volume->names.count)
            continue;
        cleanup_free char *path = checked_printf("/dev/mapper/%s", name);
        strings_add(&volume->names, path);
        volume->key_file = is_key_file(key, options) ? checked_copy(key) : NULL;
    }
}

void luks_take_names(struct guest *guest, int root_fd)
{
    cleanup_free char *text = root_read(root_fd, CRYPTTAB, CRYPTTAB_BYTES_MAX, NULL);
    const char *cursor = text, *line;
    for (size_t length; text && next_line(&cursor, &line, &length);) {
        cleanup_free char *copy = checked_copy_bytes(line, length);
        take_line(guest, string_trim(copy));
    }
}

/* The guest's programs look in /sys for what its crypttab names (cryptsetup-initramfs' hook), so it has to be called so here. */
void luks_rename(struct guest *guest)
{
    for (size_t i = 0; i < guest->disk.volume_count; i++) {
        struct partition *volume = &guest->disk.volumes[i];
        struct stat st;
        if (volume->kind != LAYER_CRYPT || !volume->names.count || lstat(volume->names.items[0], &st) == 0)
            continue;
        const char *old = strrchr(volume->device, '/') + 1, *new = strrchr(volume->names.items[0], '/') + 1;
        if (volume_run((const char *const[]){"dmsetup", "rename", old, new, NULL}, -1, NULL, NULL, NULL) < 0)
            continue; /* it stays what it is, and works by that name */
        volume_undo_renamed(guest, old, new);
        free(volume->device);
        volume->device = checked_copy(volume->names.items[0]);
    }
}

int guest_keys_add_file(struct guest_keys *keys, const char *file, struct error *err)
{
    if (!file)
        return 0;
    cleanup_close int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 || lseek(fd, 0, SEEK_SET) < 0)
        return error_errno(err, "open the key file %s", file);
    if (keys->count == GUEST_KEYS_MAX)
        return error_set(err, "there are more than %d key files", GUEST_KEYS_MAX);
    keys->fds[keys->count++] = take_fd(&fd);
    return 0;
}

void guest_keys_forget(struct guest_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++)
        close(keys->fds[i]);
    *keys = (struct guest_keys){0};
}

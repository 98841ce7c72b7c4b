/* See segment.h. What is to be added is laid out as files in a directory of ours; cpio makes the archive of them. */
#include "segment.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "../base/cleanup.h"
#include "../base/program.h"
#include "../base/root.h"
#include "../guest/kernel/initrd.h"
#include "../guest/kernel/initrd_kind.h"
#include "../guest/kernel/modules.h"
#include "../plan/initrd/loading.h"
#include "../plan/initrd/segment.h"
#include "replace.h"
#include "segment_index.h"

#define MODULE_BYTES_MAX (64u << 20)
#define INDEX_BYTES_MAX (16u << 20)
#define ARCHIVE_BYTES_MAX (256ull << 20) /* it is held in memory, and has a few MB */
#define PROGRAM_SECONDS 300

struct segment {
    const struct guest *guest;
    const struct operation *operation;
    const struct kernel *kernel;
    struct initrd initrd;  /* as it is */
    const struct loading *loading; /* how it loads modules */
    struct strings added;  /* modules by name */
    char *directory;       /* ours */
    int directory_fd;
    struct strings names;  /* of what is in it, each directory before its files */
};

static int begin(struct segment *segment, struct error *err)
{
    const struct operation *operation = segment->operation;
    for (size_t i = 0; i < segment->guest->kernel_count; i++)
        if (string_is(segment->guest->kernels[i].version, operation->kernel))
            segment->kernel = &segment->guest->kernels[i];
    if (!segment->kernel || !segment->kernel->modules)
        return error_set(err, "the guest has no modules of the kernel %s", operation->kernel);
    initrd_read(segment->guest->root_fd, operation->path, &segment->initrd);
    cleanup_free char *refusal = segment_refusal(segment->guest, segment->kernel, &segment->initrd, &operation->drivers);
    if (refusal)
        return error_set(err, "%s", refusal);
    segment->loading = loading_of(segment->initrd.kind);
    segment_modules(segment->kernel, &segment->initrd, &operation->drivers, &segment->added);
    segment->directory = checked_copy("/tmp/rehost-initrd-XXXXXX");
    if (!mkdtemp(segment->directory))
        return error_errno(err, "make a directory in /tmp");
    segment->directory_fd = open(segment->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return segment->directory_fd < 0 ? error_errno(err, "open %s", segment->directory) : 0;
}

static void end(struct segment *segment)
{
    const char *const argv[] = {"rm", "-rf", segment->directory, NULL};
    if (segment->directory_fd >= 0) {
        close(segment->directory_fd);
        program_run(&(struct program){.argv = argv, .input_fd = -1, .timeout_seconds = PROGRAM_SECONDS}, NULL, NULL);
    }
    segment_index_forget(segment->guest);
    initrd_free(&segment->initrd);
    strings_free(&segment->added);
    strings_free(&segment->names);
    free(segment->directory);
}

/* Names the file to cpio, which takes one by each line, from where it stands. */
static int add_name(struct segment *segment, const char *name, struct error *err)
{
    if (*name == '/' || strstr(name, "..") || strchr(name, '\n'))
        return error_set(err, "the guest has a module of the name %s", name);
    for (const char *slash = name; (slash = strchr(slash, '/')); slash++) {
        cleanup_free char *directory = checked_copy_bytes(name, (size_t)(slash - name));
        strings_add_new(&segment->names, directory);
    }
    strings_add_new(&segment->names, name);
    return 0;
}

static int add_text(struct segment *segment, const char *name, const char *text, size_t length, unsigned mode, struct error *err)
{
    return add_name(segment, name, err) < 0 ? -1 : replace_file(segment->directory_fd, name, text, length, mode, err);
}

/* What the program prints goes to the file. */
static int run_into(const struct program *program, int to_fd, uint64_t bytes_max, struct error *err)
{
    pid_t pid;
    char buffer[65536];
    uint64_t bytes = 0;
    ssize_t got;
    cleanup_close int from_fd = program_start_reading(program, &pid, err);
    if (from_fd < 0)
        return -1;
    while ((got = read(from_fd, buffer, sizeof buffer)) > 0 && (bytes += (uint64_t)got) <= bytes_max && write(to_fd, buffer, (size_t)got) == got)
        ;
    if (got == 0)
        return program_wait(pid, program->argv[0], err);
    program_end(pid);
    return error_set(err, "what %s prints cannot be kept (%llu bytes)", program->argv[0], (unsigned long long)bytes);
}

static int open_module(const struct segment *segment, const char *file, struct error *err)
{
    struct stat st;
    cleanup_free char *path = checked_printf("/lib/modules/%s/%s", segment->kernel->version, file);
    cleanup_close int fd = root_open(segment->guest->root_fd, path, O_RDONLY, 0);
    if (fd < 0 || fstat(fd, &st) < 0)
        return error_errno(err, "open %s", path);
    if (!S_ISREG(st.st_mode) || st.st_size > MODULE_BYTES_MAX)
        return error_set(err, "%s is no kernel module", path);
    return take_fd(&fd);
}

static int open_unpacked(const struct segment *segment, const char *file, struct error *err)
{
    unsigned char magic[6];
    cleanup_close int packed = open_module(segment, file, err);
    ssize_t got = packed < 0 ? -1 : pread(packed, magic, sizeof magic, 0);
    const char *const *argv = got < 0 ? NULL : initrd_unpacker(magic, (size_t)got);
    if (packed < 0 || !argv)
        return take_fd(&packed);
    cleanup_close int plain = memfd_create("module", MFD_CLOEXEC);
    if (plain < 0 || fchmod(plain, 0644) < 0)
        return error_errno(err, "prepare %s", file);
    const struct program program = {.argv = argv, .input_fd = packed, .timeout_seconds = PROGRAM_SECONDS};
    return run_into(&program, plain, MODULE_BYTES_MAX, err) < 0 ? error_prefix(err, "unpack %s", file) : take_fd(&plain);
}

/* In a tree packed or not, as the builders take them: Debian 13's initrds hold .ko.xz. */
static int add_module(struct segment *segment, const char *module, const char *file, struct error *err)
{
    const char *flat = segment->loading->directory;
    cleanup_free char *path = flat ? checked_printf("%s/%s.ko", flat, module) : checked_printf("%s/%s", segment->initrd.modules_directory, file);
    cleanup_close int fd = flat ? open_unpacked(segment, file, err) : open_module(segment, file, err);
    if (fd < 0 || add_name(segment, path, err) < 0)
        return -1;
    return restore_file(segment->directory_fd, path, fd, err);
}

static int add_indexes(struct segment *segment, const struct strings *files, struct error *err)
{
    cleanup_free char *directory = NULL;
    cleanup_strings struct strings indexes = {0};
    if (segment_index_make(segment->guest, segment->kernel, files, &directory, &indexes, err) < 0)
        return -1;
    if (segment->initrd.has_binary_indexes && !strings_contain(&indexes, "modules.dep.bin")) /* busybox's, which Alpine without kmod has */
        return error_set(err, "the guest's depmod makes no modules.dep.bin, and what loads modules in this initrd reads that; install kmod on the source");
    for (size_t i = 0; i < indexes.count; i++) {
        size_t length;
        cleanup_free char *from = checked_printf("%s/%s", directory, indexes.items[i]), *to = checked_printf("%s/%s", segment->initrd.modules_directory, indexes.items[i]);
        cleanup_free char *bytes = root_read(segment->guest->root_fd, from, INDEX_BYTES_MAX, &length);
        if (!bytes)
            return error_errno(err, "read %s", from);
        if (add_text(segment, to, bytes, length, 0644, err) < 0)
            return -1;
    }
    return 0;
}

static int add_modules(struct segment *segment, struct error *err)
{
    cleanup_strings struct strings files = {0};
    for (size_t i = 0; i < segment->initrd.module_files.count; i++)
        strings_add(&files, segment->initrd.module_files.items[i]);
    for (size_t i = 0; i < segment->added.count; i++) {
        const char *file = modules_file(segment->kernel->modules, segment->added.items[i]);
        strings_add(&files, file);
        if (add_module(segment, segment->added.items[i], file, err) < 0)
            return -1;
    }
    return segment->loading->directory ? 0 : add_indexes(segment, &files, err);
}

/* The file by which the initrd is told to load them; most it would find by the aliases, but not what no device asks for (dm_mod, raid1). */
static int add_list(struct segment *segment, struct error *err)
{
    cleanup_free char *text = segment_list(segment->kernel, &segment->initrd, &segment->operation->drivers, &segment->added);
    return add_text(segment, initrd_list_file(segment->initrd.kind), text, strlen(text), segment->loading->mode, err);
}

static int enter_directory(void *argument)
{
    return fchdir(((const struct segment *)argument)->directory_fd);
}

/* Behind zeroes up to a multiple of 512: the kernel wants one of 4, and after lz4 at least four of them. */
static int make_archive(struct segment *segment, int archive_fd, struct error *err)
{
    static const char *const argv[] = {"cpio", "-o", "-H", "newc", NULL};
    cleanup_close int names_fd = memfd_create("names", MFD_CLOEXEC);
    cleanup_free char *joined = strings_join(&segment->names, "\n"), *names = checked_printf("%s\n", joined);
    struct stat st;
    if (root_stat(segment->guest->root_fd, segment->operation->path, &st) < 0)
        return error_errno(err, "look at it");
    off_t padding = (st.st_size + 4 + 511) / 512 * 512 - st.st_size;
    if (names_fd < 0 || write(names_fd, names, strlen(names)) != (ssize_t)strlen(names) || lseek(names_fd, 0, SEEK_SET) < 0 || ftruncate(archive_fd, padding) < 0 ||
        lseek(archive_fd, 0, SEEK_END) < 0)
        return error_errno(err, "prepare the archive");
    struct program program = {.argv = argv, .input_fd = names_fd, .timeout_seconds = PROGRAM_SECONDS, .in_child = enter_directory, .in_child_argument = segment};
    return run_into(&program, archive_fd, ARCHIVE_BYTES_MAX, err);
}

static bool holds(const struct initrd *initrd, const struct strings *drivers)
{
    for (size_t i = 0; i < drivers->count; i++)
        if (!strings_contain(&initrd->modules, drivers->items[i]))
            return false;
    return true;
}

/* What was written is read again before anybody relies on it. */
static int check(const struct segment *segment, struct error *err)
{
    cleanup_initrd struct initrd now = {0};
    initrd_read(segment->guest->root_fd, segment->operation->path, &now);
    if (now.problem)
        return error_set(err, "it cannot be read any more: %s", now.problem);
    return holds(&now, &segment->operation->drivers) ? 0 : error_set(err, "it does not hold them afterwards");
}

static int extend(struct segment *segment, struct error *err)
{
    cleanup_close int archive_fd = memfd_create("archive", MFD_CLOEXEC);
    if (archive_fd < 0)
        return error_errno(err, "prepare the archive");
    if (add_modules(segment, err) < 0 || add_list(segment, err) < 0 || make_archive(segment, archive_fd, err) < 0)
        return -1;
    if (append_to_file(segment->guest->root_fd, segment->operation->path, archive_fd, err) < 0)
        return -1;
    return check(segment, err);
}

bool segment_is_needless(const struct guest *guest, const struct operation *operation)
{
    cleanup_initrd struct initrd now = {0};
    initrd_read(guest->root_fd, operation->path, &now);
    return now.problem || holds(&now, &operation->drivers);
}

int segment_append(const struct guest *guest, const struct operation *operation, struct error *err)
{
    struct segment segment = {.guest = guest, .operation = operation, .directory_fd = -1};
    int result = begin(&segment, err);
    if (result == 0)
        result = extend(&segment, err);
    end(&segment);
    return result < 0 ? error_prefix(err, "append drivers to %s", operation->path) : 0;
}

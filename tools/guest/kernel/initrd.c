/* See initrd.h. The kernel reads cpio archives one after the other, plain or compressed by themselves: first an early
 * plain one with processor microcode, then the main one, and perhaps one that somebody appended. */
#include "initrd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

#include "../../base/cleanup.h"
#include "../../base/program.h"
#include "../../base/root.h"
#include "../boot/unified_image.h"
#include "cpio.h"
#include "initrd_kind.h"
#include "modules.h"

#define FILES_MAX 4096 /* of the files that are no programs and no libraries */
#define FILE_BYTES_MAX (4ll << 30) /* one that a machine with that much memory to spare could unpack */
#define BTRFS_RULE "64-btrfs.rules"
#define SECTION_BYTES_MAX (256ull << 20) /* it is held in memory */

/* Archives that begin like one and are none, before the search for an appended one is given up. */
#define APPENDED_TRIES_MAX 64

struct compressor {
    const char *name;
    unsigned char magic[6];
    size_t magic_bytes;
    const char *argv[6];
};

/* The magics are those of the kernel's lib/decompress.c. */
static const struct compressor compressors[] = {
    {"zstd", {0x28, 0xb5, 0x2f, 0xfd}, 4, {"zstd", "-dcq", NULL}},
    {"gzip", {0x1f, 0x8b}, 2, {"gzip", "-dcq", NULL}},
    {"xz", {0xfd, '7', 'z', 'X', 'Z', 0}, 6, {"xz", "-dcq", NULL}},
    {"lzma", {0x5d, 0, 0}, 3, {"xz", "-dcq", "--format=lzma", NULL}},
    {"lz4", {0x02, 0x21, 0x4c, 0x18}, 4, {"lz4", "-dcq", NULL}},
    {"bzip2", {'B', 'Z', 'h'}, 3, {"bzip2", "-dcq", NULL}},
};

static const struct compressor *compressor_of(const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < sizeof compressors / sizeof *compressors; i++)
        if (length >= compressors[i].magic_bytes && memcmp(bytes, compressors[i].magic, compressors[i].magic_bytes) == 0)
            return &compressors[i];
    return NULL;
}

/* thin_check is a link to pdata_tools, which is all of its kind in one. udev makes the devices of a btrfs known by its own rule, without the program (Arch). */
static void take_program(struct strings *programs, const char *name, uint32_t mode)
{
    static const struct { const char *name; bool may_be_link; } known[] = {
        {"lvm", false}, {"mdadm", false}, {"cryptsetup", false}, {"systemd-cryptsetup", false}, {"thin_check", true},
        {"btrfs", false}, {BTRFS_RULE, false}};
    const char *base = strrchr(name, '/');
    for (size_t i = 0; base && i < sizeof known / sizeof *known; i++)
        if (string_is(base + 1, known[i].name) && (S_ISREG(mode) || (known[i].may_be_link && S_ISLNK(mode))))
            strings_add_new(programs, base + 1);
}

static void take_file(struct strings *files, const char *name)
{
    static const char *const others[] = {"usr/", "lib", "bin/", "sbin/"};
    name += string_starts(name, "./") ? 2 : strspn(name, "/");
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (string_starts(name, others[i]))
            return;
    if (files->count < FILES_MAX)
        strings_add(files, name);
}

/* mkinitrd of RHEL 5 lays its modules into /lib itself. */
static void take_flat_module(struct initrd *initrd, const char *name)
{
    cleanup_free char *module = string_starts(name, "lib/") && !strchr(name + strlen("lib/"), '/') ? modules_name_of_path(name) : NULL;
    if (module)
        strings_add(&initrd->modules, module);
}

/* What is below lib/modules/VERSION, as the first of these directories is called: "usr/lib/modules/6.1.0-40-amd64". */
static void take_module(struct initrd *initrd, const char *name, uint32_t mode)
{
    const char *below = strstr(name, "lib/modules/");
    if (!below) {
        take_flat_module(initrd, name);
        return;
    }
    const char *end = strchrnul(below + strlen("lib/modules/"), '/');
    cleanup_free char *directory = checked_copy_bytes(name, (size_t)(end - name)), *module = modules_name_of_path(name);
    if (!initrd->modules_directory && (*end || S_ISDIR(mode)))
        initrd->modules_directory = checked_copy(directory);
    if (module)
        strings_add(&initrd->modules, module);
    initrd->has_binary_indexes |= string_is(end, "/modules.dep.bin");
    if (module && *end && string_is(directory, initrd->modules_directory))
        strings_add(&initrd->module_files, end + 1);
}

static void take_kind(struct initrd *initrd, enum initrd_kind kind)
{
    if (kind > initrd->kind)
        initrd->kind = kind;
}

static void take_name(void *context, const char *name, uint32_t mode)
{
    struct initrd *initrd = context;
    if (strstr(name, "bin/") || strstr(name, "lib/systemd/") || strstr(name, "udev/rules.d/"))
        take_program(&initrd->programs, name, mode);
    if (S_ISREG(mode))
        take_file(&initrd->files, name);
    take_kind(initrd, initrd_kind_of_file(name));
    take_module(initrd, name, mode);
}

/* Of several of one name the last is what the kernel leaves there. */
static void take_list(void *context, const char *name, const char *bytes, size_t length)
{
    struct initrd *initrd = context;
    cleanup_free char *text = checked_copy_bytes(bytes, length);
    take_kind(initrd, initrd_kind_of_text(name, text));
    for (int kind = INITRD_KIND_UNKNOWN + 1; kind < INITRD_KIND_COUNT; kind++)
        if (string_is(name, initrd_list_file((enum initrd_kind)kind))) {
            free(initrd->lists[kind]);
            initrd->lists[kind] = checked_copy(text);
        }
}

/* Walks the archives at `offset` of the file (or of the pipe, where it is 0); results as cpio_walk's. `*position` is where it stopped, and
 * `magic` gets the bytes that stand there. */
static int walk(int fd, uint64_t offset, struct initrd *initrd, uint64_t *position, unsigned char magic[6], struct error *err)
{
    if (offset && lseek(fd, (off_t)offset, SEEK_SET) < 0)
        return error_errno(err, "go to byte %llu", (unsigned long long)offset);
    cleanup_free struct cpio_reader *reader = checked_alloc(sizeof *reader);
    reader->fd = fd;
    reader->wants = initrd_file_is_list;
    reader->content = take_list;
    int result = cpio_walk(reader, take_name, initrd, err);
    *position = offset + reader->position;
    size_t left = reader->end - reader->start;
    memcpy(magic, reader->buffer + reader->start, left < 6 ? left : 6);
    return result == 1 && !reader->names ? error_set(err, "it is empty") : result;
}

const char *const *initrd_unpacker(const unsigned char *bytes, size_t length)
{
    const struct compressor *compressor = compressor_of(bytes, length);
    return compressor ? compressor->argv : NULL;
}

/* The compressed part from `offset` to the end of the file. 0: whole. 1: its archive is whole, but the program was not
 * content with what comes after. -1: damaged. */
static int list_compressed(int fd, uint64_t offset, const struct compressor *compressor, struct initrd *initrd, struct error *err)
{
    struct program program = {.argv = compressor->argv, .input_fd = fd};
    pid_t pid = -1;
    if (lseek(fd, (off_t)offset, SEEK_SET) < 0)
        return error_errno(err, "go to byte %llu", (unsigned long long)offset);
    int pipe_fd = program_start_reading(&program, &pid, err);
    if (pipe_fd < 0)
        return -1;
    uint64_t position;
    unsigned char magic[6] = {0};
    int walked = walk(pipe_fd, 0, initrd, &position, magic, err);
    close(pipe_fd);
    struct error said = {0};
    int ended = program_wait(pid, compressor->argv[0], &said);
    if (walked == 1)
        return ended < 0 ? -error_set(err, "behind its %s part stands something that is no archive: %s", compressor->name, said.message) : 0;
    if (walked == 0)
        return error_set(err, "its %s part holds no cpio archive where one is due", compressor->name);
    return error_prefix(err, "its %s part, unpacked", compressor->name);
}

/* Where an uncompressed archive begins behind `from` that reaches to the end of the file, 0 when there is none: what
 * was appended to a compressed one. How long that is only its decompressor could say, so it is searched. */
static uint64_t appended_archive(int fd, uint64_t from)
{
    const size_t window_bytes = 1 << 20;
    cleanup_free unsigned char *window = checked_alloc(window_bytes);
    unsigned tries = APPENDED_TRIES_MAX;
    for (uint64_t at = (from + 4) & ~3ull;;) {
        ssize_t got = pread(fd, window, window_bytes, (off_t)at);
        if (got < CPIO_HEADER_BYTES)
            return 0;
        for (size_t i = 0; i + CPIO_HEADER_BYTES <= (size_t)got; i += 4) {
            cleanup_initrd struct initrd found = {0};
            unsigned char magic[6];
            uint64_t position;
            if (!cpio_is_header(window + i, CPIO_HEADER_BYTES))
                continue;
            if (walk(fd, at + i, &found, &position, magic, NULL) == 1)
                return at + i;
            if (!--tries)
                return 0;
        }
        at += ((uint64_t)got - CPIO_HEADER_BYTES + 4) & ~3ull;
    }
}

int initrd_list(int fd, struct initrd *initrd, struct error *err)
{
    uint64_t position = 0;
    unsigned char magic[6] = {0};
    int walked = walk(fd, 0, initrd, &position, magic, err);
    if (walked)
        return walked < 0 ? -1 : 0;
    const struct compressor *compressor = compressor_of(magic, sizeof magic);
    if (!compressor)
        return error_set(err, "what stands at byte %llu is neither a cpio archive nor compressed by a known program", (unsigned long long)position);
    initrd->compression = compressor->name;
    int listed = list_compressed(fd, position, compressor, initrd, err);
    if (listed < 0)
        return -1;
    uint64_t appended = appended_archive(fd, position); /* busybox's gzip says nothing of what comes behind its part */
    if (appended)
        return walk(fd, appended, initrd, &position, magic, err) == 1 ? 0 : -1;
    return listed == 0 ? 0 : -1;
}

/* The initrd of a unified kernel image, in a file of its own, as what lies behind it there is none of its archives. */
static int copy_section(int fd, uint64_t offset, uint64_t bytes, struct error *err)
{
    cleanup_close int copy = memfd_create("initrd", MFD_CLOEXEC);
    off_t from = (off_t)offset, end = (off_t)(offset + bytes);
    if (bytes > SECTION_BYTES_MAX)
        return error_set(err, "it has %llu bytes, which no initrd has", (unsigned long long)bytes);
    while (copy >= 0 && from < end) {
        ssize_t sent = sendfile(copy, fd, &from, (size_t)(end - from));
        if (sent <= 0)
            return error_set(err, "it cannot be read");
    }
    if (copy < 0 || lseek(copy, 0, SEEK_SET) < 0)
        return error_errno(err, "take it out of its image");
    return take_fd(&copy);
}

static int list_section(int fd, uint64_t offset, uint64_t bytes, struct initrd *initrd, struct error *err)
{
    cleanup_close int copy = copy_section(fd, offset, bytes, err);
    return copy < 0 ? -1 : initrd_list(copy, initrd, err);
}

void initrd_read(int root_fd, const char *path, struct initrd *initrd)
{
    struct error err = {0};
    struct stat st;
    cleanup_close int fd = root_open(root_fd, path, O_RDONLY, 0);
    uint64_t offset, bytes;
    int result;
    if (fd < 0 || fstat(fd, &st) < 0)
        result = error_errno(&err, "open");
    else if (!S_ISREG(st.st_mode))
        result = error_set(&err, "it is no regular file");
    else if (st.st_size > FILE_BYTES_MAX)
        result = error_set(&err, "it has %lld bytes, which no initrd has", (long long)st.st_size);
    else if (unified_image_section(fd, ".initrd", &offset, &bytes))
        result = list_section(fd, offset, bytes, initrd, &err);
    else
        result = initrd_list(fd, initrd, &err);
    if (result < 0)
        initrd->problem = checked_copy(err.message);
    strings_sort(&initrd->modules);
    initrd->was_read = true;
}

void initrd_programs_lacking(const struct initrd *initrd, unsigned layers, struct strings *lacking)
{
    static const struct { enum layer layer; const char *program, *or_else; } needs[] = {
        {LAYER_LVM, "lvm", NULL}, {LAYER_RAID, "mdadm", NULL}, {LAYER_CRYPT, "cryptsetup", "systemd-cryptsetup"}, {LAYER_BTRFS, "btrfs", BTRFS_RULE}};
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++)
        if ((layers & needs[i].layer) && !strings_contain(&initrd->programs, needs[i].program) &&
            !(needs[i].or_else && strings_contain(&initrd->programs, needs[i].or_else)))
            strings_add(lacking, needs[i].program);
}

void initrd_free(struct initrd *initrd)
{
    free(initrd->path);
    free(initrd->problem);
    strings_free(&initrd->modules);
    strings_free(&initrd->programs);
    strings_free(&initrd->files);
    free(initrd->modules_directory);
    strings_free(&initrd->module_files);
    for (int kind = 0; kind < INITRD_KIND_COUNT; kind++)
        free(initrd->lists[kind]);
    *initrd = (struct initrd){0};
}

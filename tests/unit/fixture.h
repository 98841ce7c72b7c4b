/* Trees to test on: a copy of tests/guests/NAME/root in a directory of its own, with the binary pieces that a source
 * tree does not keep made in place. */
#ifndef REHOST_TEST_FIXTURE_H
#define REHOST_TEST_FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/program.h"
#include "base/text.h"

#define FIXTURE_KERNEL "6.1.0-50-amd64"

struct fixture {
    char root[64];
};

static inline void fixture_run(const char *const *argv)
{
    struct error err = {0};
    if (program_run(&(struct program){.argv = argv, .input_fd = -1}, NULL, &err) < 0)
        fail_msg("%s", err.message);
}

static inline char *fixture_path(const struct fixture *fixture, const char *path)
{
    return checked_printf("%s/%s", fixture->root, path);
}

static inline void fixture_put_bytes(const struct fixture *fixture, const char *path, const void *bytes, size_t length, mode_t mode)
{
    cleanup_free char *full = fixture_path(fixture, path);
    for (char *slash = full + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        assert_true(mkdir(full, 0755) == 0 || errno == EEXIST);
        *slash = '/';
    }
    unlink(full);
    cleanup_close int fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, length), length);
}

static inline void fixture_put(const struct fixture *fixture, const char *path, const char *text)
{
    fixture_put_bytes(fixture, path, text, strlen(text), 0644);
}

static inline void fixture_link(const struct fixture *fixture, const char *path, const char *target)
{
    fixture_put(fixture, path, "");
    cleanup_free char *full = fixture_path(fixture, path);
    assert_int_equal(unlink(full), 0);
    assert_int_equal(symlink(target, full), 0);
}

static inline void fixture_remove(const struct fixture *fixture, const char *path)
{
    cleanup_free char *full = fixture_path(fixture, path);
    const char *const argv[] = {"rm", "-rf", full, NULL};
    fixture_run(argv);
}

static inline void fixture_empty(struct fixture *fixture)
{
    strcpy(fixture->root, "/tmp/rehost-test-XXXXXX");
    assert_non_null(mkdtemp(fixture->root));
}

static inline void fixture_end(struct fixture *fixture)
{
    fixture_remove(fixture, "");
}

/* One newc entry. */
static inline void cpio_add(struct text *archive, const char *name, const char *data, size_t length, unsigned mode)
{
    static const char zeroes[4] = "";
    text_printf(archive, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 1, mode, 0, 0, 1, 0, (unsigned)length, 0, 0, 0, 0, (unsigned)strlen(name) + 1, 0);
    text_append_bytes(archive, name, strlen(name) + 1);
    text_append_bytes(archive, zeroes, (4 - archive->length % 4) % 4);
    text_append_bytes(archive, data, length);
    text_append_bytes(archive, zeroes, (4 - archive->length % 4) % 4);
}

/* Modules by name, and programs by path. */
static inline void cpio_add_modules(struct text *archive, const char *const *modules)
{
    for (; *modules; modules++) {
        cleanup_free char *name = strchr(*modules, '/') ? checked_copy(*modules) : checked_printf("usr/lib/modules/" FIXTURE_KERNEL "/kernel/%s.ko", *modules);
        cpio_add(archive, name, "ko", 2, 0100644);
    }
    cpio_add(archive, "TRAILER!!!", "", 0, 0);
}

/* What the old machine's root disk needs, as `MODULES=dep` chose it. */
static const char *const fixture_old_modules[] = {"scsi_common", "scsi_mod", "scsi_transport_spi", "sym53c8xx", "sd_mod", "t10-pi", "crc64-rocksoft", "crc-t10dif",
                                                  "crc64", "crct10dif_common", "ext4", "crc16", "mbcache", "jbd2", NULL};
static const char *const fixture_new_modules[] = {"virtio", "virtio_ring", "virtio_blk", "virtio_pci", "virtio_pci_legacy_dev", "virtio_pci_modern_dev",
                                                  "ext4", "crc16", "mbcache", "jbd2", NULL};

static inline void fixture_put_initrd_at(const struct fixture *fixture, const char *path, const char *const *modules)
{
    cleanup_text struct text archive = {0};
    cpio_add_modules(&archive, modules);
    fixture_put_bytes(fixture, path, archive.data, archive.length, 0644);
}

static inline void fixture_put_initrd(const struct fixture *fixture, const char *const *modules)
{
    fixture_put_initrd_at(fixture, "boot/initrd.img-" FIXTURE_KERNEL, modules);
}

static inline void fixture_put_kernel_at(const struct fixture *fixture, const char *path)
{
    unsigned char head[1024] = {[0x1fe] = 0x55, [0x1ff] = 0xaa, [0x202] = 'H', [0x203] = 'd', [0x204] = 'r', [0x205] = 'S'};
    fixture_put_bytes(fixture, path, head, sizeof head, 0644);
}

/* A unified kernel image: a head of DOS, one of COFF, and four sections at places of their own. */
static inline void fixture_put_unified_at(const struct fixture *fixture, const char *path, const char *version, const char *command_line, const char *const *modules)
{
    unsigned char head[0x400] = {'M', 'Z', [0x3c] = 0x40, [0x40] = 'P', [0x41] = 'E', [0x46] = 4};
    unsigned char kernel[1024] = {[0x1fe] = 0x55, [0x1ff] = 0xaa, [0x202] = 'H', [0x203] = 'd', [0x204] = 'r', [0x205] = 'S'};
    cleanup_text struct text archive = {0}, image = {0};
    cpio_add_modules(&archive, modules);
    const struct { const char *name; const void *bytes; size_t length; } sections[] = {
        {".cmdline", command_line, strlen(command_line) + 1}, {".uname", version, strlen(version)}, {".initrd", archive.data, archive.length}, {".linux", kernel, sizeof kernel}};
    text_append_bytes(&image, head, sizeof head);
    for (size_t i = 0; i < 4; i++) {
        unsigned char *row = head + 0x40 + 24 + i * 40;
        memcpy(row, sections[i].name, strnlen(sections[i].name, 8));
        put_le32(row + 8, (uint32_t)sections[i].length);
        put_le32(row + 16, (uint32_t)(sections[i].length + 511) / 512 * 512);
        put_le32(row + 20, (uint32_t)image.length);
        text_append_bytes(&image, sections[i].bytes, sections[i].length);
        while (image.length % 512)
            text_append_bytes(&image, "", 1);
    }
    memcpy(image.data, head, sizeof head);
    fixture_put_bytes(fixture, path, image.data, image.length, 0644);
}

/* A program for UEFI, by its heads: of 64 bits, with sixteen directories, the fifth of which leads to the signatures behind them. */
static inline void fixture_put_uefi_program(const struct fixture *fixture, const char *path, bool is_signed)
{
    unsigned char bytes[0x300] = {'M', 'Z', [0x3c] = 0x40, [0x40] = 'P', [0x41] = 'E', [0x54] = 240, [0x58] = 0x0b, [0x59] = 0x02, [0x58 + 108] = 16};
    put_le32(bytes + 0x58 + 112 + 4 * 8, is_signed ? 0x200 : 0);
    put_le32(bytes + 0x58 + 112 + 4 * 8 + 4, is_signed ? 0x100 : 0);
    fixture_put_bytes(fixture, path, bytes, sizeof bytes, 0644);
}

static inline void fixture_put_kernel(const struct fixture *fixture)
{
    fixture_put_kernel_at(fixture, "boot/vmlinuz-" FIXTURE_KERNEL);
}

/* A program: what it would do is of no concern, only that it is there. */
static inline void fixture_put_program(const struct fixture *fixture, const char *path)
{
    fixture_put_bytes(fixture, path, "#!/bin/sh\n", 10, 0755);
}

/* What the kernel starts. */
static inline void fixture_put_init(const struct fixture *fixture, const char *path)
{
    static const unsigned char elf[64] = {0x7f, 'E', 'L', 'F', 2, 1, 1, [16] = 3, [18] = 62};
    fixture_put_bytes(fixture, path, elf, sizeof elf, 0755);
    if (!string_is(path, "sbin/init")) {
        cleanup_free char *target = checked_printf("/%s", path);
        fixture_link(fixture, "sbin/init", target);
    }
}

/* Every module that modules.dep names, as an empty file; the paths in that of RHEL 5 are whole. */
static inline void fixture_put_module_files(const struct fixture *fixture, const char *version)
{
    cleanup_free char *relative = checked_printf("lib/modules/%s", version), *directory = fixture_path(fixture, relative), *path = checked_printf("%s/modules.dep", directory);
    cleanup_fclose FILE *file = fopen(path, "r");
    assert_non_null(file);
    for (char line[4096]; fgets(line, sizeof line, file);) {
        line[strcspn(line, ":")] = '\0';
        cleanup_free char *module = *line == '/' ? checked_copy(line + 1) : checked_printf("%s/%s", relative, line);
        fixture_put(fixture, module, "");
    }
}

/* An initrd as one of tests/initrds lays it out, with these modules. */
static inline void fixture_put_initrd_by(const struct fixture *fixture, const char *by, const char *version, const char *path, const struct strings *modules)
{
    const char *argv[64] = {"tests/initrds/make", by, version};
    fixture_put(fixture, path, "");
    cleanup_free char *to = fixture_path(fixture, path);
    argv[3] = to;
    assert_true(modules->count < 60);
    for (size_t i = 0; i < modules->count; i++)
        argv[4 + i] = modules->items[i];
    fixture_run(argv);
}

static inline void fixture_canonical(struct fixture *fixture)
{
    fixture_empty(fixture);
    const char *const argv[] = {"cp", "-r", "tests/guests/canonical/root/.", fixture->root, NULL};
    fixture_run(argv);
    fixture_put_init(fixture, "usr/lib/systemd/systemd");
    fixture_put_program(fixture, "sbin/ifup");
    fixture_put_program(fixture, "usr/sbin/update-initramfs");
    fixture_put_program(fixture, "usr/sbin/mkinitramfs");
    fixture_put(fixture, "boot/grub/i386-pc/normal.mod", "");
    fixture_put_kernel(fixture);
    fixture_put_initrd(fixture, fixture_old_modules);
    fixture_put_module_files(fixture, FIXTURE_KERNEL);
}

#endif

/* An initrd: archives one behind the other. The programs that unpack are not what is looked into: a "compressed" part
 * is the same bytes behind the compressor's magic (the Makefile wraps what starts them). */
#include <string.h>
#include <sys/mman.h>

#include "base/program.h"
#include "fuzz.h"
#include "guest/kernel/cpio.h"
#include "guest/kernel/initrd.h"
#include "plan/initrd/loading.h"
#include "plan/initrd/segment.h"

#define MAGIC_BYTES 6

int __wrap_program_start_reading(const struct program *program, pid_t *pid, struct error *err);
int __wrap_program_wait(pid_t pid, const char *name, struct error *err);

int __wrap_program_start_reading(const struct program *program, pid_t *pid, struct error *err)
{
    (void)err;
    *pid = 0;
    lseek(program->input_fd, MAGIC_BYTES, SEEK_CUR);
    return dup(program->input_fd);
}

int __wrap_program_wait(pid_t pid, const char *name, struct error *err)
{
    (void)pid, (void)name, (void)err;
    return 0;
}

/* What tells its scripts what to load is text of its own. */
static void load_more(const struct initrd *initrd)
{
    struct strings drivers = {0};
    struct kernel kernel = {.version = (char *)"6"};
    if (!loading_of(initrd->kind))
        return;
    strings_add(&drivers, "nvme");
    cleanup_free char *text = segment_list(&kernel, initrd, &drivers, &drivers);
    must(!text || strstr(text, "nvme"));
    strings_free(&drivers);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_initrd struct initrd initrd = {0};
    struct error err = {0};
    cleanup_close int fd = memfd_create("initrd", MFD_CLOEXEC);
    must(fd >= 0 && write(fd, data, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0);
    if (initrd_list(fd, &initrd, &err) < 0)
        must(*err.message);
    must(initrd.modules.count <= size && initrd.programs.count <= size && initrd.files.count <= size && initrd.module_files.count <= initrd.modules.count);
    load_more(&initrd);
    return 0;
}

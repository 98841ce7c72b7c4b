/* See segment_index.h. The guest's own depmod makes them, sealed in, as it knows how the guest's modules are packed, and what its kmod reads. It
 * finds the modules as links in a tree of their own, which only lead somewhere in the guest. */
#include "segment_index.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "../base/cleanup.h"
#include "../base/program.h"
#include "../base/root.h"
#include "../guest/kernel/modules.h"
#include "chroot.h"
#include "replace.h"

#define DEPMOD_SECONDS 600 /* it takes a second for a whole initrd, and 20 on an emulated processor */
#define REMOVE_SECONDS 120
#define REHOST_DIRECTORY "/var/lib/rehost"

/* What the kernel's build says of itself: depmod reads it, and the initrd has it. */
static const char *const given[] = {"modules.builtin", "modules.builtin.modinfo", "modules.order"};

/* rm by our descriptor of the directory above it, which no link of the guest can lead elsewhere; it follows none itself. */
void segment_index_forget(const struct guest *guest)
{
    cleanup_close int fd = root_open(guest->root_fd, REHOST_DIRECTORY, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        return;
    cleanup_free char *path = checked_printf("/proc/%d/fd/%d/%s", (int)getpid(), fd, SEGMENT_TREE + strlen(REHOST_DIRECTORY "/"));
    const char *const argv[] = {"rm", "-rf", path, NULL};
    program_run(&(struct program){.argv = argv, .input_fd = -1, .timeout_seconds = REMOVE_SECONDS}, NULL, NULL);
}

static int make_link(const struct guest *guest, const char *path, const char *target, struct error *err)
{
    const char *name;
    cleanup_free char *directory = checked_copy_bytes(path, (size_t)(strrchr(path, '/') - path));
    if (make_directories(guest->root_fd, directory, NULL, err) < 0)
        return -1;
    cleanup_close int parent = root_open_parent(guest->root_fd, path, &name);
    if (parent < 0 || (symlinkat(target, parent, name) < 0 && errno != EEXIST))
        return error_errno(err, "make %s", path);
    return 0;
}

/* A hostile initrd may name its modules as it likes. */
static int link_module(const struct guest *guest, const struct kernel *kernel, const char *directory, const char *file, struct error *err)
{
    cleanup_free char *module = modules_name_of_path(file);
    const char *there = module ? modules_file(kernel->modules, module) : NULL;
    if (!there || strstr(file, ".."))
        return error_set(err, "%s is no module of the kernel %s", file, kernel->version);
    cleanup_free char *path = checked_printf("%s/%s", directory, file), *target = checked_printf("/lib/modules/%s/%s", kernel->version, there);
    return make_link(guest, path, target, err);
}

/* depmod looks into lib/modules, or since kmod 32 into usr/lib/modules where the distribution says so. */
static int make_tree(const struct guest *guest, const struct kernel *kernel, const char *directory, const struct strings *files, struct error *err)
{
    if (make_link(guest, SEGMENT_TREE "/lib", "usr/lib", err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        cleanup_free char *path = checked_printf("%s/%s", directory, given[i]), *target = checked_printf("/lib/modules/%s/%s", kernel->version, given[i]);
        if (root_is_file(guest->root_fd, target) && make_link(guest, path, target, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < files->count; i++)
        if (link_module(guest, kernel, directory, files->items[i], err) < 0)
            return -1;
    return 0;
}

static int run_depmod(const struct guest *guest, const struct kernel *kernel, struct error *err)
{
    cleanup_strings struct strings argv = {0};
    strings_add(&argv, "depmod");
    strings_add(&argv, "-b");
    strings_add(&argv, SEGMENT_TREE);
    strings_add(&argv, kernel->version);
    return chroot_run(guest, &argv, DEPMOD_SECONDS, NULL, NULL, err) < 0 ? error_prefix(err, "run depmod in the guest") : 0;
}

static bool is_given(const char *name)
{
    for (size_t i = 0; i < sizeof given / sizeof *given; i++)
        if (string_is(name, given[i]))
            return true;
    return false;
}

static int list_indexes(const struct guest *guest, const char *directory, struct strings *indexes, struct error *err)
{
    cleanup_strings struct strings names = {0};
    root_list(guest->root_fd, directory, &names);
    for (size_t i = 0; i < names.count; i++)
        if (string_starts(names.items[i], "modules.") && !is_given(names.items[i]))
            strings_add(indexes, names.items[i]);
    if (strings_contain(indexes, "modules.dep") && strings_contain(indexes, "modules.alias"))
        return 0;
    return error_set(err, "the guest's depmod has made no indexes of the modules");
}

int segment_index_make(const struct guest *guest, const struct kernel *kernel, const struct strings *files, char **directory, struct strings *names, struct error *err)
{
    *directory = checked_printf(SEGMENT_TREE "/usr/lib/modules/%s", kernel->version);
    segment_index_forget(guest); /* what a fix left that was cut off */
    if (make_tree(guest, kernel, *directory, files, err) < 0 || run_depmod(guest, kernel, err) < 0)
        return -1;
    return list_indexes(guest, *directory, names, err);
}

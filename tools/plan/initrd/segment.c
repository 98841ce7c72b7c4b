/* See segment.h. How it is made: apply/segment.c. */
#include "segment.h"

#include <fcntl.h>
#include <string.h>

#include "../../base/cleanup.h"
#include "../../base/root.h"
#include "../../guest/kernel/initrd_kind.h"
#include "../../guest/kernel/modules.h"
#include "loading.h"
#include "unified.h"

#define MODULES_MAX 8000 /* all that a distribution's kernel has are less */
#define NAME_BYTES_MAX 512 /* what a name, its header and the padding take in the archive */
#define PACKED_AT_MOST 8   /* times smaller than it is: modules come down to a third or a fourth */

static char *file_of(const struct kernel *kernel, const char *module)
{
    const char *file = modules_file(kernel->modules, module);
    return file ? checked_printf("/lib/modules/%s/%s", kernel->version, file) : NULL;
}

/* The first of the modules that the guest has no file of; NULL: there is none. */
static const char *first_missing(const struct guest *guest, const struct kernel *kernel, const struct strings *modules)
{
    for (size_t i = 0; i < modules->count; i++) {
        cleanup_free char *file = file_of(kernel, modules->items[i]);
        if (!file || !root_is_file(guest->root_fd, file))
            return modules->items[i];
    }
    return NULL;
}

void segment_modules(const struct kernel *kernel, const struct initrd *initrd, const struct strings *drivers, struct strings *added)
{
    cleanup_strings struct strings all = {0};
    for (size_t i = 0; i < drivers->count; i++)
        modules_with_dependencies(kernel->modules, drivers->items[i], &all);
    for (size_t i = 0; i < all.count; i++)
        if (!strings_contain(&initrd->modules, all.items[i]))
            strings_add(added, all.items[i]);
}

char *segment_list(const struct kernel *kernel, const struct initrd *initrd, const struct strings *drivers, const struct strings *added)
{
    const char *own = initrd->lists[initrd->kind];
    return loading_of(initrd->kind)->with(own ? own : "", &(struct loading_request){.kernel = kernel, .drivers = drivers, .added = added});
}

/* What stands in a tree of its own has indexes, which name what is there already, too. */
static char *tree_refusal(const struct guest *guest, const struct kernel *kernel, const struct initrd *initrd)
{
    cleanup_free char *directory = checked_printf("usr/lib/modules/%s", kernel->version);
    if (!string_is(initrd->modules_directory, directory) && !string_is(initrd->modules_directory, directory + strlen("usr/")))
        return checked_printf("it has no modules of the kernel %s", kernel->version);
    if (!system_has_program(guest->root_fd, "depmod"))
        return checked_copy("the guest has no depmod, which makes the indexes of its modules");
    const char *missing = first_missing(guest, kernel, &initrd->modules);
    return missing ? checked_printf("%s is not among the modules below /%s", missing, directory + strlen("usr/")) : NULL;
}

static char *modules_refusal(const struct guest *guest, const struct kernel *kernel, const struct initrd *initrd, const struct strings *drivers)
{
    cleanup_strings struct strings added = {0};
    segment_modules(kernel, initrd, drivers, &added);
    const char *missing = first_missing(guest, kernel, drivers);
    missing = missing ? missing : first_missing(guest, kernel, &added);
    if (missing)
        return checked_printf("%s is not among the modules below /lib/modules/%s", missing, kernel->version);
    for (size_t i = 0; i < added.count; i++)
        if (!loading_is_plain_name(added.items[i]))
            return checked_printf("the guest has a module of the name %s", added.items[i]);
    cleanup_free char *list = segment_list(kernel, initrd, drivers, &added);
    return list ? NULL : checked_printf("its /%s is not what rehost knows of initrds of that kind", initrd_list_file(initrd->kind));
}

char *segment_refusal(const struct guest *guest, const struct kernel *kernel, const struct initrd *initrd, const struct strings *drivers)
{
    const struct loading *loading = loading_of(initrd->kind);
    if (!initrd->was_read || initrd->problem)
        return checked_copy("it could not be looked into");
    if (!loading)
        return checked_copy("it is of a kind that rehost does not know (it knows those of initramfs-tools, dracut, mkinitrd of RHEL 5 and of SLES, mkinitcpio, mkinitfs, "
                            "booster and genkernel)");
    if (initrd->module_files.count > MODULES_MAX)
        return checked_printf("it holds %zu modules, which no initrd does", initrd->module_files.count);
    /* Commit 2c484419efc0, which Ubuntu took into its 5.4: its length is not known, and what follows was taken for more of it. */
    if (string_is(initrd->compression, "lz4") && strverscmp(kernel->version, "5.9") < 0)
        return checked_copy("it is packed by lz4, and Linux before 5.9 cannot tell where that ends");
    char *refusal = loading->directory ? NULL : tree_refusal(guest, kernel, initrd);
    return refusal ? refusal : modules_refusal(guest, kernel, initrd, drivers);
}

static uint64_t size_of(const struct guest *guest, const char *path)
{
    struct stat st;
    return root_stat(guest->root_fd, path, &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
}

/* At most: the indexes of all the kernel's modules are larger than those of a part. */
static uint64_t index_bytes(const struct guest *guest, const struct kernel *kernel)
{
    uint64_t bytes = 0;
    cleanup_free char *directory = checked_printf("/lib/modules/%s", kernel->version);
    cleanup_strings struct strings names = {0};
    root_list(guest->root_fd, directory, &names);
    for (size_t i = 0; i < names.count; i++) {
        cleanup_free char *index = checked_printf("%s/%s", directory, names.items[i]);
        bytes += string_starts(names.items[i], "modules.") ? size_of(guest, index) + NAME_BYTES_MAX : 0;
    }
    return bytes;
}

static uint64_t segment_bytes(const struct guest *guest, const struct kernel *kernel, const struct initrd *initrd, const struct strings *added)
{
    bool unpacked = loading_of(initrd->kind)->directory;
    uint64_t bytes = unpacked ? 0 : index_bytes(guest, kernel);
    for (size_t i = 0; i < added->count; i++) {
        cleanup_free char *file = file_of(kernel, added->items[i]);
        bytes += size_of(guest, file) * (unpacked && !string_ends(file, ".ko") ? PACKED_AT_MOST : 1) + NAME_BYTES_MAX;
    }
    return bytes;
}

/* What the longer initrd takes on the file system of `st_dev`: it is written beside the old one, and where that lies on the root's file system, a copy
 * for undo is kept there, too. */
static uint64_t bytes_taken(const struct guest *guest, const struct kernel *kernel, const struct strings *drivers, dev_t st_dev)
{
    const struct initrd *initrd = kernel_started_initrd(kernel);
    cleanup_strings struct strings added = {0};
    struct stat st, root;
    if (root_stat(guest->root_fd, initrd->path, &st) < 0 || fstat(guest->root_fd, &root) < 0 || st.st_dev != st_dev)
        return 0;
    segment_modules(kernel, initrd, drivers, &added);
    return (uint64_t)st.st_size * (st.st_dev == root.st_dev ? 2 : 1) + segment_bytes(guest, kernel, initrd, &added);
}

/* What those need that are planned already. */
static uint64_t bytes_promised(const struct planning *planning, dev_t st_dev)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < planning->plan->operation_count; i++) {
        const struct operation *operation = &planning->plan->operations[i];
        for (size_t j = 0; operation->kind == OPERATION_EXTEND && j < planning->guest->kernel_count; j++)
            if (string_is(operation->kernel, planning->guest->kernels[j].version))
                bytes += bytes_taken(planning->guest, &planning->guest->kernels[j], &operation->drivers, st_dev);
    }
    return bytes;
}

static char *room_refusal(const struct planning *planning, const struct kernel *kernel, const struct strings *drivers)
{
    const char *path = kernel_started_initrd(kernel)->path;
    cleanup_close int fd = root_open(planning->guest->root_fd, path, O_RDONLY, 0);
    struct stat st;
    uint64_t room;
    if (fd < 0 || fstat(fd, &st) < 0 || file_system_room(fd, &room) < 0)
        return checked_printf("%s cannot be opened", path);
    uint64_t needed = bytes_taken(planning->guest, kernel, drivers, st.st_dev) + bytes_promised(planning, st.st_dev);
    if (room >= needed)
        return NULL;
    cleanup_free char *has = size_for_people(room), *needs = size_for_people(needed);
    return checked_printf("its file system has %s free, and the longer one beside it needs %s: No space left on device", has, needs);
}

static char *refusal_here(const struct planning *planning, const struct kernel *kernel, const struct strings *drivers, bool copies_change)
{
    const struct partition *root = planning->guest->root_partition;
    const struct initrd *initrd = kernel_started_initrd(kernel);
    if (!initrd->path)
        return checked_copy("there is none");
    if (unified_holds(kernel))
        return checked_copy("it is part of a unified kernel image");
    if (copies_change && root && root->layers)
        return checked_copy("it holds a copy of a file that has to be changed for the volumes that the root lies in");
    char *refusal = segment_refusal(planning->guest, kernel, initrd, drivers);
    return refusal ? refusal : room_refusal(planning, kernel, drivers);
}

char *segment_plan(struct planning *planning, const struct kernel *kernel, const struct strings *drivers)
{
    char *refusal = refusal_here(planning, kernel, drivers, planning->initrd_is_stale);
    if (refusal)
        return refusal;
    cleanup_free char *names = strings_join(drivers, ", ");
    cleanup_free char *why = checked_printf("the initrd lacks %s", names);
    planning_extend(planning, kernel_started_initrd(kernel)->path, kernel->version, drivers, why);
    return NULL;
}

void segment_plan_otherwise(struct planning *planning, const struct kernel *kernel, const struct strings *drivers, bool copies_change)
{
    struct plan *plan = planning->plan;
    struct operation *run = plan->operation_count ? &plan->operations[plan->operation_count - 1] : NULL;
    if (!drivers->count || !run || run->kind != OPERATION_RUN)
        return;
    cleanup_free char *refusal = refusal_here(planning, kernel, drivers, copies_change);
    if (refusal)
        return;
    const char *path = kernel_started_initrd(kernel)->path;
    operation_set_initrd(run, path, kernel->version, drivers);
    strings_add_new(&run->changes, path);
}

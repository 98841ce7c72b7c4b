/* A kernel's own tables of what it can drive: modules.alias, modules.builtin(.modinfo), modules.dep. */
#ifndef REHOST_GUEST_KERNEL_MODULES_H
#define REHOST_GUEST_KERNEL_MODULES_H

#include "../../base/error.h"
#include "../../base/text.h"

struct module_table;

/* From `directory` ("/lib/modules/6.1.0-40-amd64") below a guest's root. NULL when it has no modules.alias. */
struct module_table *modules_load(int root_fd, const char *directory, struct error *err);
void modules_free(struct module_table *table);

/* Adds the modules (names with underscores) whose aliases match `modalias`. Returns how many aliases matched; a match by a
 * built-in driver counts and is added too. A device that is there a second time, emulated, is matched as that where nothing else matches. */
size_t modules_match(const struct module_table *table, const char *modalias, struct strings *names);
bool modules_is_builtin(const struct module_table *table, const char *name);
bool modules_has(const struct module_table *table, const char *name); /* built in, or a file */
/* The module's file below the directory of modules_load ("kernel/drivers/block/virtio_blk.ko"), as modules.dep says;
 * NULL when it has none. */
const char *modules_file(const struct module_table *table, const char *name);
/* "kernel/fs/btrfs/zstd-compress.ko.xz" → "zstd_compress"; NULL when the path is no module's. The caller's. */
char *modules_name_of_path(const char *path);
/* Adds `name` and all that it depends on, dependencies first; built-in ones are left out. */
void modules_with_dependencies(const struct module_table *table, const char *name, struct strings *names);

#endif

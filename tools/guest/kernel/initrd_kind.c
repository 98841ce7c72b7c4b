/* See initrd_kind.h. The marks are those of the programs' own sources. */
#include "initrd_kind.h"

#include <string.h>

/* `file` is the mark by its name (with a slash before it: in any directory), `words` by what stands in the list. */
static const struct kind_row {
    const char *list, *file, *words;
} rows[INITRD_KIND_COUNT] = {
    [INITRD_KIND_INITRAMFS_TOOLS] = {.list = "conf/modules", .file = "scripts/functions"},
    [INITRD_KIND_DRACUT] = {.list = "etc/cmdline.d/90-rehost.conf", .file = "/dracut-lib.sh"}, /* dracut.cmdline(7); the name is ours */
    [INITRD_KIND_NASH] = {.list = "init", .words = "#!/bin/nash\n"},
    [INITRD_KIND_SLES_10] = {.list = "init", .words = "\nudev_discover_root() {"}, /* mkinitrd 1.2 */
    [INITRD_KIND_SLES_11] = {.list = "run_all.sh", .file = "run_all.sh"},          /* mkinitrd 2.4 */
    [INITRD_KIND_MKINITCPIO] = {.list = "config", .file = "init_functions"},
    /* The hook systemd writes MODULES.conf; the hook base may stand beside it, and its init is replaced then. The list's name is ours. */
    [INITRD_KIND_MKINITCPIO_SYSTEMD] = {.list = "etc/modules-load.d/90-rehost.conf", .file = "etc/modules-load.d/MODULES.conf"},
    [INITRD_KIND_MKINITFS] = {.list = "etc/modules", .file = "/nlplug-findfs"},
    [INITRD_KIND_BOOSTER] = {.list = "etc/booster.init.yaml", .file = "etc/booster.init.yaml"},
    [INITRD_KIND_GENKERNEL] = {.list = "etc/modules/virtio", .file = "etc/initrd.scripts"},
};

const char *initrd_list_file(enum initrd_kind kind)
{
    return rows[kind].list;
}

bool initrd_file_is_list(const char *name)
{
    for (int kind = INITRD_KIND_UNKNOWN + 1; kind < INITRD_KIND_COUNT; kind++)
        if (string_is(name, rows[kind].list))
            return true;
    return false;
}

enum initrd_kind initrd_kind_of_file(const char *name)
{
    for (int kind = INITRD_KIND_COUNT - 1; kind > INITRD_KIND_UNKNOWN; kind--) {
        const char *file = rows[kind].file;
        if (file && (*file == '/' ? string_ends(name, file) : string_is(name, file)))
            return (enum initrd_kind)kind;
    }
    return INITRD_KIND_UNKNOWN;
}

enum initrd_kind initrd_kind_of_text(const char *name, const char *text)
{
    for (int kind = INITRD_KIND_COUNT - 1; kind > INITRD_KIND_UNKNOWN; kind--)
        if (rows[kind].words && string_is(name, rows[kind].list) && strstr(text, rows[kind].words))
            return (enum initrd_kind)kind;
    return INITRD_KIND_UNKNOWN;
}

/* Files that were made for the old machine's hardware, and that the system does without or makes anew. */
#include <string.h>

#include "../base/cleanup.h"
#include "../base/root.h"
#include "planning.h"

/* X drivers of virtual screens; X finds the new one by itself since 2009, unless it is told. */
static void settle_screen_file(struct planning *planning, const char *path)
{
    static const char *const drivers[] = {"\"vmware\"", "\"vmmouse\"", "\"vboxvideo\"", "\"prlvideo\"", "\"cirrus\"", "\"qxl\"", "\"hyperv_fb\""};
    cleanup_free char *text = planning_read(planning, path);
    for (size_t i = 0; text && i < sizeof drivers / sizeof *drivers; i++)
        if (strstr(text, drivers[i])) {
            planning_remove(planning, path, "names the old machine's screen; X finds the new one by itself");
            return;
        }
}

static void settle_screen(struct planning *planning)
{
    cleanup_strings struct strings files = {0};
    strings_add(&files, "/etc/X11/xorg.conf");
    planning_list(planning, "/etc/X11/xorg.conf.d", ".conf", &files);
    for (size_t i = 0; i < files.count; i++)
        settle_screen_file(planning, files.items[i]);
}

/* kdump's initrd holds the drivers of the machine that it was made on, and its service makes it anew when it is missing (RHEL 5 and
 * later: initramfs-…kdump.img; SLES: initrd-…-kdump). Debian's is made anew with the others. */
static void settle_kdump(struct planning *planning)
{
    cleanup_strings struct strings names = {0};
    root_list(planning->guest->root_fd, "/boot", &names);
    for (size_t i = 0; i < names.count; i++) {
        bool is = string_starts(names.items[i], "initr") && (string_ends(names.items[i], "kdump.img") || string_ends(names.items[i], "-kdump"));
        cleanup_free char *path = checked_printf("/boot/%s", names.items[i]);
        if (is)
            planning_remove(planning, path, "holds the old machine's drivers; kdump makes it anew when it starts");
    }
}

void plan_leftovers(struct planning *planning)
{
    settle_screen(planning);
    settle_kdump(planning);
}

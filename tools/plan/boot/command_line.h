/* A kernel's command line as it stands in a boot loader's configuration: what belongs to the old machine goes. */
#ifndef REHOST_PLAN_BOOT_COMMAND_LINE_H
#define REHOST_PLAN_BOOT_COMMAND_LINE_H

#include <stdbool.h>

#include "../../base/text.h"

/* "UUID=…" for a device name of the old machine (the caller's to free), or NULL when there is none. */
typedef char *device_resolver(void *context, const char *device);

struct command_line_rules {
    device_resolver *resolve;
    void *context;
    bool keep_lost_root; /* a root= that is not found stays: nothing else would say where the root is */
    bool keep_consoles;  /* this machine is Xen's too, and has hvc0 */
};

/* Appends the line with root=, resume= and other names of devices as `resolve` has them (taken out where it has none, but for what is encrypted), the old hypervisor's clock
 * arguments taken out, and its console turned into the screen. All other words, and the blanks between them, stay. */
void command_line_settle(struct text *out, const char *line, size_t length, const struct command_line_rules *rules);

struct planning;
/* The rules for this guest on this machine; `keep_lost_root` is false. */
struct command_line_rules command_line_rules_of(struct planning *planning);
/* Plans the file with every line settled for which `is_meant` says so. Whether something changes. */
bool command_line_plan_file(struct planning *planning, const char *path, bool (*is_meant)(const char *line, size_t length), bool keep_lost_root);

#endif

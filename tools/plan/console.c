/* The console is the operator's way in when all else fails: what the guest has, it keeps. */
#include <string.h>

#include "../base/cleanup.h"
#include "planning.h"

static void note_console(struct planning *planning, const char *arguments)
{
    cleanup_strings struct strings consoles = {0};
    for (const char *at = arguments; (at = strstr(at, "console=")); at += 8)
        if (at == arguments || at[-1] == ' ') {
            cleanup_free char *name = checked_copy_bytes(at + 8, strcspn(at + 8, " "));
            strings_add_new(&consoles, name);
        }
    cleanup_free char *names = strings_join(&consoles, " and ");
    if (consoles.count)
        planning_note(planning, "the console stays on %s", names);
}

void plan_console(struct planning *planning)
{
    const char *arguments = planning->guest->boot.default_arguments;
    if (arguments)
        note_console(planning, arguments);
}

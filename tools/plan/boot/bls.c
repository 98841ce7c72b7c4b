/* See bls.h. */
#include "bls.h"

#include <string.h>

#include "../../base/cleanup.h"
#include "../planning.h"
#include "command_line.h"

static bool is_options(const char *line, size_t length)
{
    return length > 8 && strncmp(line, "options", 7) == 0 && (line[7] == ' ' || line[7] == '\t');
}

static bool is_any(const char *line, size_t length)
{
    (void)line;
    return length > 0;
}

void bls_plan_entries(struct planning *planning, const char *directory)
{
    cleanup_strings struct strings files = {0};
    planning_list(planning, directory, ".conf", &files);
    for (size_t i = 0; i < files.count; i++)
        command_line_plan_file(planning, files.items[i], is_options, true);
    command_line_plan_file(planning, "/etc/kernel/cmdline", is_any, true);
}

/* The run of a guest's initrd builder, as all of them plan it. */
#include "../../base/cleanup.h"
#include "initrd.h"

char *initrd_path_of(const struct kernel *kernel, const char *format)
{
    return kernel->initrd.path ? checked_copy(kernel->initrd.path) : checked_printf(format, kernel->version);
}

void initrd_plan_run(struct planning *planning, const char *const *argv, const char *path, const char *why)
{
    strings_add(&planning_run(planning, argv, INITRD_SECONDS, why)->changes, path);
}

/* See services.h. */
#include "services.h"

#include <string.h>

#include "../base/cleanup.h"
#include "../base/root.h"
#include "start_scripts.h"

char *service_unit_text(const struct planning *planning, const char *unit)
{
    static const char *const places[] = {"/etc/systemd/system", "/lib/systemd/system", "/usr/lib/systemd/system"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        cleanup_free char *path = checked_printf("%s/%s", places[i], unit);
        cleanup_free char *link = root_readlink(planning->guest->root_fd, path);
        if (string_is(link, "/dev/null"))
            return NULL;
        char *text = planning_read(planning, path);
        if (text)
            return text;
    }
    return NULL;
}

bool service_has_script(const struct planning *planning, const char *name)
{
    cleanup_free char *script = checked_printf("/etc/init.d/%s", name);
    return root_is_file(planning->guest->root_fd, script);
}

/* A link of sysvinit's has the service behind its place in the order: S20ntp. */
static bool is_in_level(const struct planning *planning, const char *level, const char *name)
{
    cleanup_strings struct strings links = {0};
    root_list(planning->guest->root_fd, level, &links);
    for (size_t i = 0; i < links.count; i++) {
        const char *link = links.items[i];
        if (*link == 'S' && link[1] >= '0' && link[1] <= '9')
            link += strspn(link + 1, "0123456789") + 1;
        if (string_is(link, name))
            return true;
    }
    return false;
}

/* A job of upstart (Ubuntu up to 14.10, RHEL 6). */
static bool is_started_by_upstart(const struct planning *planning, const char *name)
{
    cleanup_free char *path = checked_printf("/etc/init/%s.conf", name), *job = planning_read(planning, path);
    return job && upstart_job_starts(job);
}

bool service_is_started(const struct planning *planning, const char *name)
{
    static const char *const levels[] = {"/etc/rc2.d", "/etc/rc3.d", "/etc/rc.d/rc3.d", "/etc/init.d/rc3.d", "/etc/runlevels/default"};
    cleanup_free char *unit = checked_printf("%s.service", name);
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (is_in_level(planning, levels[i], name))
            return true;
    return system_unit_is_enabled(planning->guest->root_fd, unit) || is_started_by_upstart(planning, name);
}

void service_start(struct planning *planning, const char *concern, const char *units, const char *comment, const char *why)
{
    cleanup_free char *path = checked_printf("/etc/systemd/system/multi-user.target.d/90-rehost-%s.conf", concern);
    cleanup_free char *content = checked_printf("# Written by rehost: %s\n[Unit]\nWants=%s\n", comment, units);
    planning_write(planning, path, content, why);
}

/* The console is the operator's way in when all else fails: what the guest has, it keeps; what only Xen has becomes the screen. */
#include "console.h"

#include <string.h>

#include "../base/cleanup.h"
#include "../base/root.h"
#include "boot/command_line.h"
#include "planning.h"
#include "start_scripts.h"

#define INITTAB "/etc/inittab"
#define SECURETTY "/etc/securetty"
#define COMMENT " # taken out by rehost: this console is Xen's"

static const char *const xen_lines[] = {"hvc0", "xvc0"};

/* Where `name` stands in the text as a word of its own. */
static char *find_word(char *text, const char *name)
{
    size_t length = strlen(name);
    for (char *at = text; (at = strstr(at, name)); at += length)
        if ((at == text || strchr(" \t\n:/", at[-1])) && strchr(" \t\n:", at[length]))
            return at;
    return NULL;
}

struct inittab {
    bool has_screen; /* a line starts a login on the first screen */
};

/* "co:2345:respawn:/sbin/agetty xvc0 9600 vt100-nav" (RHEL 5), "hvc0::respawn:/sbin/getty 38400 hvc0" (Alpine) */
static void settle_line(struct text *out, const char *line, size_t length, void *context)
{
    struct inittab *inittab = context;
    cleanup_free char *copy = checked_copy_bytes(line, length);
    for (size_t i = 0; *copy != '#' && i < 2; i++) {
        if (!find_word(copy, xen_lines[i]))
            continue;
        if (inittab->has_screen) {
            text_printf(out, "#%s" COMMENT, copy);
            return;
        }
        for (char *at; (at = find_word(copy, xen_lines[i]));)
            memcpy(at, "tty1", 4);
        inittab->has_screen = true;
    }
    text_append(out, copy);
}

/* /etc/inittab with the logins on Xen's consoles on the first screen; taken out when there is one already. The caller's. */
static char *inittab_without_xen(const char *text)
{
    struct inittab inittab = {0};
    const char *cursor = text, *line;
    for (size_t length; next_line(&cursor, &line, &length);) {
        cleanup_free char *copy = checked_copy_bytes(line, length);
        inittab.has_screen |= *copy != '#' && find_word(copy, "tty1");
    }
    return text_rewrite_lines(text, settle_line, &inittab);
}

/* Where root may log in: pam_securetty knows no other console than those that stand here. */
static void settle_securetty(struct planning *planning)
{
    cleanup_free char *text = planning_read(planning, SECURETTY);
    if (!text || strstr(text, "tty1\n") || (!strstr(text, "hvc0") && !strstr(text, "xvc0")))
        return;
    cleanup_free char *better = checked_printf("%s%stty1\n", text, string_ends(text, "\n") ? "" : "\n");
    planning_write(planning, SECURETTY, better, "lets root log in on the screen");
}

/* Upstart (Ubuntu to 14.10, RHEL 6) has a job for each login; Ubuntu's images for Xen have /etc/init/hvc0.conf, and some no tty1.conf. */
static void settle_upstart(struct planning *planning)
{
    cleanup_free char *screen = planning_read(planning, "/etc/init/tty1.conf"), *screens = planning_read(planning, "/etc/init/start-ttys.conf");
    for (size_t i = 0; i < sizeof xen_lines / sizeof *xen_lines; i++) {
        cleanup_free char *path = checked_printf("/etc/init/%s.conf", xen_lines[i]);
        cleanup_free char *job = planning_read(planning, path);
        cleanup_free char *held = job ? upstart_job_not_started(job) : NULL;
        if (!held)
            continue;
        for (char *at; !screen && !screens && (at = find_word(job, xen_lines[i]));)
            memcpy(at, "tty1", 4);
        if (!screen && !screens)
            planning_write(planning, "/etc/init/tty1.conf", job, "a login on the screen, as this machine has no console of Xen");
        planning_write(planning, path, held, "this machine has no console of Xen");
    }
}

struct getty {
    const char *line;
    bool waited;
};

static void settle_getty(struct text *out, const char *line, size_t length, void *context)
{
    struct getty *getty = context;
    bool waits = length > 8 && strncmp(line, "BindsTo=", 8) == 0;
    if (waits)
        text_printf(out, "ConditionPathExists=/dev/%s", getty->line);
    else
        text_append_bytes(out, line, length);
    getty->waited |= waits;
}

char *getty_unit_where_there_is(const char *unit, const char *line)
{
    struct getty getty = {.line = line};
    cleanup_free char *better = text_rewrite_lines(unit, settle_getty, &getty);
    return getty.waited ? take_pointer(better) : NULL;
}

static char *getty_template(const struct planning *planning, const char *name)
{
    cleanup_free char *path = checked_printf("/lib/systemd/system/%s@.service", name), *usr_path = checked_printf("/usr%s", path);
    char *text = planning_read(planning, path);
    return text ? text : planning_read(planning, usr_path);
}

/* A login that was enabled by hand is bound to its device, and systemd waits for that for a minute and a half at every start. What the administrator made
 * is a link to the template; a unit of that very name goes before the template. */
static void settle_getty_of_systemd(struct planning *planning, const char *name, const char *line)
{
    int root_fd = planning->guest->root_fd;
    cleanup_free char *unit = checked_printf("%s@%s.service", name, line), *path = checked_printf("/etc/systemd/system/%s", unit);
    cleanup_free char *text = system_unit_is_enabled(root_fd, unit) && !root_exists(root_fd, path) ? getty_template(planning, name) : NULL;
    cleanup_free char *better = text ? getty_unit_where_there_is(text, line) : NULL;
    cleanup_free char *content = better ? checked_printf("# Written by rehost: the template, which is not to wait for a console that only Xen has.\n%s", better) : NULL;
    if (content)
        planning_write(planning, path, content, "systemd would wait for Xen's console at every start");
}

static void settle_systemd(struct planning *planning)
{
    for (size_t i = 0; i < sizeof xen_lines / sizeof *xen_lines; i++) {
        settle_getty_of_systemd(planning, "serial-getty", xen_lines[i]);
        settle_getty_of_systemd(planning, "getty", xen_lines[i]);
    }
}

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
        planning_note(planning, "the console is on %s", names);
}

void plan_console(struct planning *planning)
{
    const struct boot_entry *entry = planning->new_default;
    const char *arguments = entry ? entry->arguments : planning->guest->boot.default_arguments;
    struct command_line_rules rules = command_line_rules_of(planning);
    cleanup_text struct text settled = {0};
    cleanup_free char *inittab = rules.keep_consoles ? NULL : planning_read(planning, INITTAB);
    cleanup_free char *better = inittab ? inittab_without_xen(inittab) : NULL;
    if (better)
        planning_write(planning, INITTAB, better, "a login on the screen, as this machine has no console of Xen");
    if (!rules.keep_consoles) {
        settle_securetty(planning);
        settle_upstart(planning);
        settle_systemd(planning);
    }
    if (!arguments)
        return;
    command_line_settle(&settled, arguments, strlen(arguments), &rules);
    note_console(planning, settled.data ? settled.data : "");
}

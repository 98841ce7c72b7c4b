/* GRUB 2: the root file system by UUID, now and after the guest's next update-grub. */
#include "grub2.h"

#include <string.h>

#include "../base/cleanup.h"
#include "../base/root.h"
#include "devices.h"
#include "shell_config.h"
#include "planning.h"

#define DEFAULTS "/etc/default/grub"
#define DEBCONF "/var/cache/debconf/config.dat"
#define DEVICE_MAP "/boot/grub/device.map"
#define INSTALL_DEVICES "grub-pc/install_devices"
#define COMMENT " # taken out by rehost: device names belong to the machine that this server came from"
#define UPDATE_SECONDS 600

static size_t name_length(const char *line)
{
    size_t length = 0;
    while (line[length] == '_' || (line[length] >= 'A' && line[length] <= 'Z'))
        length++;
    return length;
}

/* GRUB_DISABLE_UUID came with GRUB 2.04; both make grub-mkconfig write root=/dev/sda1. */
static bool disables_uuid(const char *line, size_t length)
{
    size_t name = name_length(line);
    bool is = (name == 23 && strncmp(line, "GRUB_DISABLE_LINUX_UUID", 23) == 0) || (name == 17 && strncmp(line, "GRUB_DISABLE_UUID", 17) == 0);
    return is && memmem(line, length, "true", 4);
}

static bool is_command_line(const char *line)
{
    return string_starts(line, "GRUB_CMDLINE_LINUX") || string_starts(line, "export GRUB_CMDLINE_LINUX");
}

/* The length of "root=" or "resume=" when a word that names a device starts here. */
static size_t device_argument(const char *line, const char *at)
{
    if (at == line || !strchr(" \t\"'=", at[-1]))
        return 0;
    size_t length = string_starts(at, "root=") ? 5 : string_starts(at, "resume=") ? 7 : 0;
    return length && string_starts(at + length, "/dev/") ? length : 0;
}

static void append_by_uuid(struct text *out, const char **at, size_t key, device_resolver *resolve, void *context)
{
    size_t length = strcspn(*at, " \t\"'\r\n");
    cleanup_free char *device = checked_copy_bytes(*at + key, length - key);
    if (!device_name_is_unstable(device)) {
        text_append_bytes(out, *at, length);
        *at += length;
        return;
    }
    cleanup_free char *by_uuid = resolve(context, device);
    if (by_uuid) {
        text_append_bytes(out, *at, key);
        text_append(out, by_uuid);
    }
    *at += length;
    if (!by_uuid) /* the blank that held the word apart goes with it */
        *at += strspn(*at, " \t");
}

static void append_command_line(struct text *out, const char *line, size_t length, device_resolver *resolve, void *context)
{
    for (const char *at = line; at < line + length;) {
        size_t key = device_argument(line, at);
        if (key)
            append_by_uuid(out, &at, key, resolve, context);
        else
            text_append_bytes(out, at++, 1);
    }
}

struct resolving {
    device_resolver *resolve;
    void *context;
};

static void settle_line(struct text *out, const char *line, size_t length, void *context)
{
    const struct resolving *resolving = context;
    if (disables_uuid(line, length)) {
        text_append(out, "#");
        text_append_bytes(out, line, length);
        text_append(out, COMMENT);
    } else if (is_command_line(line))
        append_command_line(out, line, length, resolving->resolve, resolving->context);
    else
        text_append_bytes(out, line, length);
}

char *grub2_defaults_by_uuid(const char *text, device_resolver *resolve, void *context)
{
    return text_rewrite_lines(text, settle_line, &(struct resolving){resolve, context});
}

/* Finds "Value: …" in the paragraph "Name: question"; false when there is none. */
static bool find_value(const char *text, const char *question, const char **start, size_t *length)
{
    bool inside = false;
    const char *line;
    size_t line_length;
    size_t name = strlen(question);
    while (next_line(&text, &line, &line_length)) {
        if (string_starts(line, "Name: "))
            inside = line_length == 6 + name && strncmp(line + 6, question, name) == 0;
        else if (inside && string_starts(line, "Value:")) {
            *start = line + 6 + (line_length > 6);
            *length = line_length > 7 ? line_length - 7 : 0;
            return true;
        }
    }
    return false;
}

char *debconf_value(const char *text, const char *question)
{
    const char *start;
    size_t length;
    return find_value(text, question, &start, &length) ? checked_copy_bytes(start, length) : NULL;
}

char *debconf_replace(const char *text, const char *question, const char *value)
{
    const char *start;
    size_t length;
    if (!find_value(text, question, &start, &length) || (length == strlen(value) && strncmp(start, value, length) == 0))
        return NULL;
    struct text out = {0};
    text_append_bytes(&out, text, (size_t)(start - text));
    text_append(&out, value);
    text_append(&out, start + length);
    return text_take(&out);
}

static char *resolve_by_uuid(void *context, const char *device)
{
    struct planning *planning = context;
    return device_by_uuid(planning->guest, device);
}

static void settle_defaults(struct planning *planning, const char *path)
{
    cleanup_free char *text = planning_read(planning, path);
    cleanup_free char *better = text ? grub2_defaults_by_uuid(text, resolve_by_uuid, planning) : NULL;
    if (better && planning_write(planning, path, better, "names the root file system by UUID, after every later update-grub too"))
        planning->loader_is_stale = true;
}

/* The name that the moved guest's kernel will give to the disk: the same drivers give the same name here. */
static char *new_disk_name(const struct planning *planning)
{
    return planning->plan->disk ? checked_printf("/dev/%s", planning->plan->disk->name) : NULL;
}

/* grub-pc's next upgrade writes its boot code to the disk that debconf names, and stops in the middle when there is none
 * of that name (Debian bug 554790 and its many duplicates). */
static void settle_debconf(struct planning *planning)
{
    cleanup_free char *text = planning_read(planning, DEBCONF);
    cleanup_free char *old = text ? debconf_value(text, INSTALL_DEVICES) : NULL;
    cleanup_free char *new = new_disk_name(planning);
    if (!old || !*old || !new || string_is(old, new))
        return;
    if (strchr(old, ',') || !device_name_is_unstable(old)) {
        planning_warn(planning, "after the move run `dpkg-reconfigure grub-pc` and choose the disk.",
                      "the package grub-pc installs its boot code on %s when it is upgraded; that is left as it is", old);
        return;
    }
    cleanup_free char *better = debconf_replace(text, INSTALL_DEVICES, new);
    cleanup_free char *why = checked_printf("lets the next upgrade of grub-pc install itself on %s, as %s belongs to the old machine", new, old);
    if (better)
        planning_write(planning, DEBCONF, better, why);
}

/* A list of BIOS disks made by grub-install of old. GRUB tools that find it believe it, and need none. */
static void settle_device_map(struct planning *planning)
{
    cleanup_free char *text = planning_read(planning, DEVICE_MAP);
    cleanup_free char *new = new_disk_name(planning);
    if (!text || !new || strstr(text, new))
        return;
    if (planning_remove(planning, DEVICE_MAP, "names the old machine's disks; GRUB finds the disks by itself"))
        planning->loader_is_stale = true;
}

static void run_update(struct planning *planning)
{
    const char *config = planning->guest->boot.config ? planning->guest->boot.config : "/boot/grub/grub.cfg";
    const char *update_grub[] = {"update-grub", NULL};
    const char *mkconfig[] = {"grub-mkconfig", "-o", config, NULL};
    bool has_update_grub = root_exists(planning->guest->root_fd, "/usr/sbin/update-grub");
    struct operation *run = planning_run(planning, has_update_grub ? update_grub : mkconfig, UPDATE_SECONDS, "writes GRUB's configuration from its settings");
    strings_add(&run->changes, config);
}

void plan_grub2(struct planning *planning)
{
    const struct boot_loader *boot = &planning->guest->boot;
    if (boot->kind != BOOT_LOADER_GRUB2) {
        planning_block(planning, "install GRUB 2 on the source.", "the system has no boot loader that rehost knows (GRUB 2)");
        return;
    }
    cleanup_strings struct strings snippets = {0};
    planning_list(planning, "/etc/default/grub.d", ".cfg", &snippets);
    if (planning_is_plain(planning, DEFAULTS))
        settle_defaults(planning, DEFAULTS);
    for (size_t i = 0; i < snippets.count; i++)
        settle_defaults(planning, snippets.items[i]);
    settle_debconf(planning);
    settle_device_map(planning);
    if (boot->default_root && device_name_is_unstable(boot->default_root))
        planning->loader_is_stale = true;
    if (planning->loader_is_stale)
        run_update(planning);
}

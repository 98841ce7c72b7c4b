/* booster: /etc/booster.yaml, of which one line counts here: "modules: virtio_blk,nvme". */
#include <string.h>

#include "../../base/cleanup.h"
#include "../shell_config.h"
#include "initrd.h"

#define CONF_FILE "/etc/booster.yaml"

static bool is_modules_line(const char *line, size_t length)
{
    return length >= 8 && strncmp(line, "modules:", 8) == 0;
}

static char *modules_of(const char *text)
{
    const char *line;
    for (size_t length; next_line(&text, &line, &length);)
        if (is_modules_line(line, length)) {
            cleanup_free char *words = checked_copy_bytes(line + 8, length - 8);
            return checked_copy(string_trim(words));
        }
    return NULL;
}

static void replace_modules(struct text *out, const char *line, size_t length, void *context)
{
    if (is_modules_line(line, length))
        text_printf(out, "modules: %s", (const char *)context);
    else
        text_append_bytes(out, line, length);
}

char *booster_yaml_with(const char *text, const struct strings *drivers)
{
    cleanup_free char *words = modules_of(text);
    cleanup_free char *all = words_with_modules(words ? words : "", drivers, ",");
    if (words)
        return text_rewrite_lines(text, replace_modules, all);
    size_t length = strlen(text);
    return checked_printf("%s%smodules: %s\n", text, length && text[length - 1] != '\n' ? "\n" : "", all);
}

static bool names(const struct planning *planning, const char *driver)
{
    cleanup_free char *text = planning_read(planning, CONF_FILE);
    cleanup_free char *words = text ? modules_of(text) : NULL;
    return words && words_name_module(words, driver);
}

static void run(struct planning *planning, const struct kernel *kernel, const struct strings *drivers, const char *why)
{
    cleanup_free char *path = initrd_path_of(kernel, "/boot/booster-%s.img");
    (void)drivers; /* they stand in the file by now */
    initrd_plan_run(planning, (const char *const[]){"booster", "build", "--force", "--kernel-version", kernel->version, path, NULL}, path, why);
}

const struct initrd_builder_ops booster_builder = {.file = CONF_FILE, .with_drivers = booster_yaml_with, .names = names, .looks_at_the_machine = true, .run = run};

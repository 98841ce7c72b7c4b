/* Whether a kernel drives a device: by the aliases in its own tables, never by a list of ours. */
#include <stdlib.h>
#include <string.h>

#include "../base/cleanup.h"
#include "../base/root.h"
#include "../guest/kernel/modules.h"
#include "proving.h"

static bool has_file(const struct proving *proving, const char *name)
{
    const char *file = modules_file(proving->kernel->modules, name);
    cleanup_free char *path = file ? checked_printf("/lib/modules/%s/%s", proving->kernel->version, file) : NULL;
    return path && root_is_file(proving->guest->root_fd, path);
}

bool driver_is_available(const struct proving *proving, const char *name, const struct strings *available, char **lacking)
{
    const struct module_table *table = proving->kernel->modules;
    cleanup_strings struct strings closure = {0}, missing = {0};
    if (modules_is_builtin(table, name))
        return true;
    modules_with_dependencies(table, name, &closure);
    if (!closure.count)
        strings_add(&missing, name);
    for (size_t i = 0; i < closure.count; i++)
        if (available ? !strings_contain(available, closure.items[i]) : !has_file(proving, closure.items[i]))
            strings_add(&missing, closure.items[i]);
    if (missing.count && lacking && !*lacking)
        *lacking = strings_join(&missing, ", ");
    return missing.count == 0;
}

/* Bridges (PCI class 06) pass everything on without a driver, though hot-plug drivers match them; firmware tables
 * (acpi:) name devices that a driver of another bus serves. */
static bool passes_on(const char *modalias)
{
    return (string_starts(modalias, "pci:") && strstr(modalias, "bc06")) || string_starts(modalias, "acpi");
}

/* Two drivers that match whole classes of ATA controllers and serve them only when nothing better does. */
static bool is_fallback(const char *module)
{
    return string_is(module, "ata_generic") || string_is(module, "pata_acpi");
}

/* One of several that match is enough, but a fallback does not stand in for the right one. */
static bool any_available(const struct proving *proving, const struct strings *matches, const struct strings *available, struct strings *found, char **lacking)
{
    bool only_fallbacks = true, served = false;
    for (size_t i = 0; i < matches->count; i++)
        only_fallbacks &= is_fallback(matches->items[i]);
    for (size_t i = 0; i < matches->count; i++) {
        if (is_fallback(matches->items[i]) && !only_fallbacks)
            continue;
        if (driver_is_available(proving, matches->items[i], available, lacking)) {
            strings_add_new(found, matches->items[i]);
            served = true;
        }
    }
    return served;
}

/* Kernels before 5.2 do not say what their built-in drivers match; the name of the driver that serves the device here
 * then stands in modules.builtin. */
static bool matched_by_name(const struct proving *proving, const char *driver_here, struct strings *matches)
{
    if (!driver_here || !modules_is_builtin(proving->kernel->modules, driver_here))
        return false;
    strings_add(matches, driver_here);
    return true;
}

bool drivers_serve(const struct proving *proving, const struct strings *modaliases, const char *driver_here,
                   const struct strings *available, char **found, char **lacking)
{
    cleanup_strings struct strings drivers = {0};
    bool controller_seen = false, served = true;
    *found = *lacking = NULL;
    for (size_t i = 0; i < modaliases->count && served; i++) {
        const char *modalias = modaliases->items[i];
        cleanup_strings struct strings matches = {0};
        if (passes_on(modalias))
            continue;
        /* The device next to the disk, apart from SCSI's own layer, is what moves the data: it must have a driver. */
        bool is_controller = !controller_seen && !string_starts(modalias, "scsi:");
        controller_seen |= is_controller;
        if (!modules_match(proving->kernel->modules, modalias, &matches) && is_controller && !matched_by_name(proving, driver_here, &matches)) {
            *lacking = checked_printf("nothing in kernel %s drives %s (here %s does)", proving->kernel->version, modalias, driver_here ? driver_here : "another driver");
            return false;
        }
        cleanup_free char *missing = NULL;
        if (matches.count && !any_available(proving, &matches, available, &drivers, &missing)) {
            *lacking = checked_printf("%s (for %s)", missing, modalias);
            served = false;
        }
    }
    *found = strings_join(&drivers, ", ");
    return served;
}

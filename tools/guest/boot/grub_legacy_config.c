/* GRUB legacy (0.97): menu.lst of Debian and SUSE, grub.conf of RHEL 3 to 6. Before the first `title` stand the settings:
 *
 *     default 0                                 (or default=0, or default saved, whose number stands in another file)
 *     title  Debian GNU/Linux, kernel 2.6.26-2-686
 *     root   (hd0,0)                            (GRUB's own root, where the paths start)
 *     kernel /boot/vmlinuz-2.6.26-2-686 root=/dev/hda1 ro
 *     initrd /boot/initrd.img-2.6.26-2-686
 *
 * A Xen entry names the hypervisor as the kernel, and the kernel and initrd as its modules; a PC without Xen below starts it
 * all the same, so the hypervisor counts as the kernel there. */
#include <stdlib.h>
#include <string.h>

#include "../../base/cleanup.h"
#include "boot_entry.h"

/* "default=0" and "default 0": the word, and what follows it. */
static char *split(char *line)
{
    char *end = line + strcspn(line, " \t=");
    if (!*end)
        return end;
    *end = '\0';
    return string_trim(end + 1 + strspn(end + 1, " \t="));
}

static void take_kernel(struct boot_entry *entry, char *value)
{
    while (string_starts(value, "--")) /* kernel --type=biglinux /vmlinuz */
        value += strcspn(value, " \t"), value += strspn(value, " \t");
    size_t length = strcspn(value, " \t");
    boot_entry_set(&entry->kernel, checked_copy_bytes(value, length));
    boot_entry_add_arguments(entry, value + length + strspn(value + length, " \t"));
}

void grub_legacy_entries(const char *config, struct boot_entries *entries)
{
    struct boot_entry entry = {0};
    unsigned long wanted = 0, place = 0, found_place = 0;
    bool found = false;
    const char *line;
    for (size_t length; next_line(&config, &line, &length);) {
        cleanup_free char *copy = checked_copy_bytes(line, length);
        char *word = string_trim(copy), *value = split(word);
        if (string_is(word, "default"))
            wanted = strtoul(value, NULL, 10);
        else if (string_is(word, "title")) {
            found_place = entry.title ? place++ : place;
            if (boot_entries_add(entries, &entry) && found_place == wanted)
                entries->chosen = entries->count - 1, found = true;
            entry.title = checked_copy(value);
            entry.id = checked_printf("%lu", place);
        } else if (entry.title && string_is(word, "kernel"))
            take_kernel(&entry, value);
        else if (entry.title && string_is(word, "initrd"))
            boot_entry_set(&entry.initrd, checked_copy(value));
    }
    if (boot_entries_add(entries, &entry) && place == wanted)
        entries->chosen = entries->count - 1, found = true;
    if (!found) /* GRUB's fallback, when the default names none */
        entries->chosen = 0;
}

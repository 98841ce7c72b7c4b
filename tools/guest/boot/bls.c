/* The Boot Loader Specification, type 1: one small file for each entry below loader/entries, read by systemd-boot, and by GRUB 2
 * of Fedora 30, RHEL 8 and later:
 *
 *     title Red Hat Enterprise Linux (4.18.0-80.el8.x86_64) 8.0 (Ootpa)
 *     linux /vmlinuz-4.18.0-80.el8.x86_64
 *     initrd /initramfs-4.18.0-80.el8.x86_64.img $tuned_initrd
 *     options $kernelopts $tuned_params
 *
 * GRUB replaces the variables by what stands in grubenv. */
#include <stdlib.h>
#include <string.h>

#include "../../base/cleanup.h"
#include "boot_entry.h"
#include "grub2_config.h"

static void append_word(struct text *out, const char *word)
{
    if (out->length)
        text_append(out, " ");
    text_append(out, word);
}

/* Words with "$name" replaced; one that is not set is nothing. */
static char *with_variables(const char *words, const char *variables)
{
    cleanup_free char *copy = checked_copy(words);
    struct text out = {0};
    char *rest = copy;
    for (char *word; (word = strsep(&rest, " \t"));) {
        cleanup_free char *value = *word == '$' && variables ? grub2_environment_value(variables, word + 1) : NULL;
        if (*word && *word != '$')
            append_word(&out, word);
        else if (value && *value)
            append_word(&out, value);
    }
    return text_take(&out);
}

static void take_line(struct boot_entry *entry, const char *word, const char *value, const char *variables)
{
    cleanup_free char *words = with_variables(value, variables);
    if (string_is(word, "title"))
        boot_entry_set(&entry->title, checked_copy(value));
    else if (string_is(word, "linux") || string_is(word, "efi"))
        boot_entry_set(&entry->kernel, checked_copy(words));
    else if (string_is(word, "initrd"))
        boot_entry_set(&entry->initrd, checked_copy_bytes(words, strcspn(words, " ")));
    else if (string_is(word, "options"))
        boot_entry_add_arguments(entry, words);
}

void bls_entry(const char *text, const char *id, const char *variables, struct boot_entry *entry)
{
    const char *line;
    *entry = (struct boot_entry){.id = checked_copy(id)};
    for (size_t length; next_line(&text, &line, &length);) {
        cleanup_free char *copy = checked_copy_bytes(line, length);
        char *word = string_trim(copy), *value = word + strcspn(word, " \t");
        if (*value)
            *value++ = '\0';
        take_line(entry, word, string_trim(value), variables);
    }
    if (!entry->title)
        entry->title = checked_copy(id);
}

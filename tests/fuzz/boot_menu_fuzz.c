/* The menu of every boot loader. The text is read as each of them, with what stands behind a zero byte as GRUB's
 * environment, or as the file that an extlinux.conf includes. */
#include <string.h>

#include "fuzz.h"
#include "guest/boot/boot_entry.h"
#include "guest/boot/grub2_config.h"
#include "guest/boot/lilo_config.h"

static void check(struct boot_entries *entries)
{
    must(entries->count <= BOOT_ENTRIES_MAX && entries->chosen <= entries->count);
    for (size_t i = 0; i < entries->count; i++)
        must(entries->items[i].kernel);
    boot_entries_free(entries);
}

static char *include(void *context, const char *path)
{
    return *path ? checked_copy(context) : NULL;
}

static void read_bls(const char *text, const char *environment)
{
    struct boot_entry entry = {0};
    bls_entry(text, "6.1", environment, &entry);
    boot_entry_free(&entry);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_free char *text = fuzz_text(data, size);
    size_t length = strlen(text);
    char *environment = length < size ? text + length + 1 : NULL;
    struct boot_entries grub2 = {0}, legacy = {0}, extlinux = {0}, lilo = {0};
    grub2_entries(text, environment, &grub2);
    check(&grub2);
    grub_legacy_entries(text, &legacy);
    check(&legacy);
    extlinux_entries(text, include, environment, &extlinux);
    check(&extlinux);
    lilo_entries(text, &lilo);
    check(&lilo);
    lilo_asks_for_password(text);
    read_bls(text, environment);
    return 0;
}

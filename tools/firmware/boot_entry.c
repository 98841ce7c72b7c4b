/* See boot_entry.h. The entries are made and listed by efibootmgr. */
#include "boot_entry.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "../base/cleanup.h"
#include "../base/program.h"
#include "../guest/boot/esp.h"

#define VARIABLES "/sys/firmware/efi/efivars"
#define LABEL_MAX 64
#define EFIBOOTMGR_SECONDS 60 /* some firmwares take seconds for each variable */

/* The host name stands in a file of the guest, and the label on the screen of the firmware. */
static char *label_of(const struct guest_system *system)
{
    char *label = checked_copy(system->hostname && *system->hostname ? system->hostname : system->id ? system->id : "Linux");
    for (char *at = label; *at; at++)
        if (!isgraph((unsigned char)*at))
            *at = '-';
    label[strnlen(label, LABEL_MAX)] = '\0';
    return label;
}

static char *loader_of(const struct guest *guest)
{
    cleanup_free char *directory = NULL;
    const struct efi_vendor *vendor = esp_vendor(guest, &directory);
    return vendor ? esp_vendor_file(guest, directory, vendor->files[0][0]) : esp_find(guest, EFI_FALLBACK);
}

bool boot_entry_wish_for(const struct guest *guest, struct boot_entry_wish *wish)
{
    const struct partition *esp = esp_of(&guest->disk);
    cleanup_free char *path = loader_of(guest);
    *wish = (struct boot_entry_wish){0};
    if (!path || !esp->partuuid)
        return false;
    *wish = (struct boot_entry_wish){.label = label_of(&guest->system), .partition = esp->number, .partuuid = checked_copy(esp->partuuid),
                                     .loader = checked_copy(path + strlen(esp->mount_point))};
    for (char *at = wish->loader; *at; at++)
        if (*at == '/')
            *at = '\\';
    return true;
}

void boot_entry_wish_free(struct boot_entry_wish *wish)
{
    free(wish->label);
    free(wish->partuuid);
    free(wish->loader);
    *wish = (struct boot_entry_wish){0};
}

/* "HD(1,GPT,0b7d…,0x800,0x64000)"; of an MBR "HD(1,MBR,0x5ca1ab1e,…)", where libblkid's name is "5ca1ab1e-01". */
static bool is_on_partition(const char *path, const struct boot_entry_wish *wish)
{
    cleanup_free char *gpt = checked_printf("HD(%u,GPT,%s,", wish->partition, wish->partuuid);
    cleanup_free char *mbr = checked_printf("HD(%u,MBR,0x%.*s,", wish->partition, (int)strcspn(wish->partuuid, "-"), wish->partuuid);
    return strcasestr(path, gpt) || strcasestr(path, mbr);
}

/* Boot0003* web1<tab>HD(1,GPT,…)/File(\\EFI\\debian\\shimx64.efi); a blank instead of the star when it is not active. */
void boot_entries_like(const char *listing, const struct boot_entry_wish *wish, struct strings *numbers)
{
    const char *line;
    size_t label_length = strlen(wish->label);
    for (size_t length; next_line(&listing, &line, &length);) {
        cleanup_free char *copy = checked_copy_bytes(line, length);
        const char *label = copy + strlen("Boot0003* "), *path = label + label_length;
        if (length < strlen("Boot0003* ") + label_length || !string_starts(copy, "Boot") || strspn(copy + 4, "0123456789ABCDEF") != 4)
            continue;
        cleanup_free char *number = checked_copy_bytes(copy + 4, 4);
        if (strncmp(label, wish->label, label_length) == 0 && *path == '\t' && is_on_partition(path, wish))
            strings_add(numbers, number);
    }
}

static int run_efibootmgr(const char *const *argv, struct text *output, struct error *err)
{
    return program_run(&(struct program){.argv = argv, .input_fd = -1, .timeout_seconds = EFIBOOTMGR_SECONDS}, output, err);
}

static int mount_variables(struct error *err)
{
    if (mount("efivarfs", VARIABLES, "efivarfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0 || errno == EBUSY)
        return 0;
    return error_errno(err, "mount %s", VARIABLES);
}

static int remove_old(const struct boot_entry_wish *wish, struct error *err)
{
    cleanup_text struct text listing = {0};
    cleanup_strings struct strings numbers = {0};
    if (run_efibootmgr((const char *const[]){"efibootmgr", "-v", NULL}, &listing, err) < 0)
        return -1;
    boot_entries_like(listing.data ? listing.data : "", wish, &numbers);
    for (size_t i = 0; i < numbers.count; i++)
        if (run_efibootmgr((const char *const[]){"efibootmgr", "-q", "-B", "-b", numbers.items[i], NULL}, NULL, err) < 0)
            return -1;
    return 0;
}

int boot_entry_make(const struct boot_entry_wish *wish, const char *disk, struct error *err)
{
    cleanup_free char *partition = checked_printf("%u", wish->partition);
    const char *const create[] = {"efibootmgr", "-q", "-c", "-d", disk, "-p", partition, "-L", wish->label, "-l", wish->loader, NULL};
    if (mount_variables(err) == 0 && remove_old(wish, err) == 0 && run_efibootmgr(create, NULL, err) == 0)
        return 0;
    return error_prefix(err, "make a boot entry in this machine's firmware");
}

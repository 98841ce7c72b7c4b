/* A boot entry in the memory of this machine's UEFI firmware. */
#ifndef REHOST_FIRMWARE_BOOT_ENTRY_H
#define REHOST_FIRMWARE_BOOT_ENTRY_H

#include "../guest/guest.h"

struct boot_entry_wish {
    char *label;        /* the guest's name, "web1" */
    unsigned partition; /* its EFI system partition … */
    char *partuuid;     /* … and what the firmware knows that by */
    char *loader;       /* "\\EFI\\debian\\shimx64.efi" */
};

/* What would start this guest. False: it has no EFI system partition that is mounted, or no loader on it. `wish` is for boot_entry_wish_free. */
bool boot_entry_wish_for(const struct guest *guest, struct boot_entry_wish *wish);
void boot_entry_wish_free(struct boot_entry_wish *wish);

/* Makes the entry the first one that the firmware starts, `disk` being the device that holds the partition. One of the same name and partition
 * is replaced, no other is touched. For the machine that this program runs on, with UEFI firmware. */
int boot_entry_make(const struct boot_entry_wish *wish, const char *disk, struct error *err);

/* Pure: the numbers ("0003") of the entries of `efibootmgr -v` that the wish would replace. */
void boot_entries_like(const char *listing, const struct boot_entry_wish *wish, struct strings *numbers);

#endif

/* The root, the other file systems and init, as the kernel and the initrd look for them. */
#include <string.h>

#include "../base/cleanup.h"
#include "../guest/devices.h"
#include "../guest/inspect.h"
#include "proving.h"

/* "/dev/sda1" → "sda", "/dev/nvme0n1p1" → "nvme0n1"; NULL when it is no name that the kernel gives to a disk's partition. */
static char *disk_in_name(const char *spec)
{
    static const char *const lettered[] = {"sd", "hd", "vd", "xvd"};
    const char *name = string_starts(spec, "/dev/") ? spec + 5 : "";
    for (size_t i = 0; i < sizeof lettered / sizeof *lettered; i++) {
        size_t prefix = strlen(lettered[i]), letters = strspn(name + (string_starts(name, lettered[i]) ? prefix : 0), "abcdefghijklmnopqrstuvwxyz");
        if (string_starts(name, lettered[i]) && letters && strspn(name + prefix + letters, "0123456789") == strlen(name + prefix + letters))
            return checked_copy_bytes(name, prefix + letters);
    }
    if (!string_starts(name, "nvme") && !string_starts(name, "mmcblk"))
        return NULL;
    const char *part = strrchr(name, 'p');
    return part && part > name && part[1] && strspn(part + 1, "0123456789") == strlen(part + 1) ? checked_copy_bytes(name, (size_t)(part - name)) : checked_copy(name);
}

enum spec_state { SPEC_FOUND, SPEC_ABSENT, SPEC_NAMED_OTHERWISE, SPEC_NOT_KNOWN };

/* What `spec` will lead to on this machine. `*name` gets the name that a device has here when it is another. */
static enum spec_state judge_spec(const struct proving *proving, const char *spec, const struct partition **partition, char **name)
{
    const struct guest_disk *disk = &proving->guest->disk;
    cleanup_free char *old_disk = disk_in_name(spec);
    *partition = disk->device ? guest_find_partition(proving->guest, spec) : NULL;
    if (*partition && (*partition)->closed)
        return SPEC_ABSENT; /* of a btrfs over several devices, of which not all came along */
    if (*partition && (*partition)->kind != LAYER_NONE && (*partition)->kind != LAYER_BTRFS) /* that has no name of its own, only those of its devices */
        return SPEC_FOUND;
    if (string_starts(spec, "/dev/disk/by-id/") || string_starts(spec, "/dev/disk/by-path/")) /* a disk's serial number or slot; or a volume that is closed here */
        return device_name_is_unstable(spec) ? SPEC_NAMED_OTHERWISE : SPEC_NOT_KNOWN;
    if (old_disk) {
        if (!proving->disk)
            return SPEC_NOT_KNOWN;
        *name = checked_copy(proving->disk->name);
        if (!string_is(old_disk, proving->disk->name))
            return SPEC_NAMED_OTHERWISE;
        return *partition || !disk->device ? SPEC_FOUND : SPEC_ABSENT;
    }
    if (!disk->device || string_starts(spec, "/dev/mapper/") || (string_starts(spec, "/dev/") && !string_starts(spec, "/dev/disk/")))
        return SPEC_NOT_KNOWN;
    return *partition ? SPEC_FOUND : SPEC_ABSENT;
}

static bool needs_user_space(const char *spec)
{
    return string_starts(spec, "UUID=") || string_starts(spec, "LABEL=") || string_starts(spec, "/dev/disk/");
}

/* The initrd mounts the subvolume of a btrfs that rootflags= names, and the default one when it names none. */
static bool mounts_right_subvolume(const struct proving *proving, const struct partition *root)
{
    cleanup_free char *flags = command_line_value(proving->guest->boot.default_arguments, "rootflags");
    cleanup_free char *path = flags ? option_value(flags, "subvol") : NULL, *id = flags ? option_value(flags, "subvolid") : NULL;
    return path ? string_is(path + strspn(path, "/"), root->subvolume) : id || root->subvolume_is_default;
}

static void prove_subvolume(const struct proving *proving, const char *spec, const struct partition *root, struct proof_link *link)
{
    cleanup_free char *words = partition_words(root);
    if (mounts_right_subvolume(proving, root))
        link_holds(link, "root=%s is %s (%s), its subvolume %s", spec, words, root->fs_type, root->subvolume);
    else
        link_broken(link, "name it in the kernel's command line on the source: rootflags=subvol=NAME", "the system is in the subvolume %s of %s, and the kernel's command line (%s) leads to another",
                    root->subvolume, words, proving->guest->boot.default_arguments);
}

static void prove_root_partition(const struct proving *proving, const char *spec, const struct partition *partition, struct proof_link *link)
{
    const struct partition *root = proving->guest->root_partition;
    cleanup_free char *words = partition_words(partition), *root_words = root ? partition_words(root) : NULL;
    if (root && partition != root)
        link_broken(link, WAY_OUT_FIX, "root=%s is %s, but the system is on %s", spec, words, root_words);
    else if ((needs_user_space(spec) || partition->kind != LAYER_NONE) && !proving->guest->boot.default_initrd)
        link_broken(link, "make an initrd, or name the root by PARTUUID", "root=%s is understood by an initrd only, and there is none", spec);
    else if (partition->subvolume)
        prove_subvolume(proving, spec, partition, link);
    else
        link_holds(link, "root=%s is %s (%s)", spec, words, partition->fs_type);
}

static void prove_root_spec(const struct proving *proving, const char *spec, struct proof_link *link)
{
    const struct partition *partition = NULL;
    cleanup_free char *name = NULL;
    switch (judge_spec(proving, spec, &partition, &name)) {
    case SPEC_NAMED_OTHERWISE:
        link_broken(link, WAY_OUT_FIX, "root=%s names the old machine's disk; here the disk is %s", spec, proving->disk ? proving->disk->device : "another");
        return;
    case SPEC_ABSENT:
        link_broken(link, WAY_OUT_FIX, "root=%s is not on %s", spec, proving->guest->what);
        return;
    case SPEC_NOT_KNOWN:
        link_unknown(link, "root=%s: whether it is there cannot be told from here", spec);
        return;
    case SPEC_FOUND:
        break;
    }
    if (partition)
        prove_root_partition(proving, spec, partition, link);
    else
        link_holds(link, "root=%s is the name that the disk has here", spec);
}

void prove_root(const struct proving *proving, struct proof_link *link)
{
    const char *spec = proving->guest->boot.default_root;
    if (spec)
        prove_root_spec(proving, spec, link);
    else if (proving->guest->boot.default_kernel)
        link_broken(link, WAY_OUT_FIX, "the kernel's command line (%s) has no root=", proving->guest->boot.default_arguments);
    else
        link_unknown(link, "the kernel's command line is not known");
}

/* Entries that the boot does not wait for, and those that name no device. */
static bool is_waited_for(const struct fstab_entry *entry)
{
    bool is_device = *entry->spec == '/' ? string_starts(entry->spec, "/dev/") : strchr(entry->spec, '=') && !strchr(entry->spec, ':');
    return is_device && !fstab_has_option(entry, "noauto") && !fstab_has_option(entry, "nofail") && !fstab_has_option(entry, "bind");
}

static void judge_entry(const struct proving *proving, const struct fstab_entry *entry, struct strings *broken, struct strings *unknown, size_t *found)
{
    const struct partition *partition;
    cleanup_free char *name = NULL;
    enum spec_state state = judge_spec(proving, entry->spec, &partition, &name);
    cleanup_free char *what = checked_printf("%s for %s (line %u)", entry->spec, entry->file, entry->line);
    if (state == SPEC_FOUND)
        ++*found;
    else
        strings_add(state == SPEC_NOT_KNOWN ? unknown : broken, what);
}

void prove_fstab(const struct proving *proving, struct proof_link *link)
{
    cleanup_strings struct strings broken = {0}, unknown = {0};
    size_t found = 0;
    for (size_t i = 0; i < proving->guest->fstab_count; i++)
        if (is_waited_for(&proving->guest->fstab[i]))
            judge_entry(proving, &proving->guest->fstab[i], &broken, &unknown, &found);
    cleanup_free char *broken_text = strings_join(&broken, ", "), *unknown_text = strings_join(&unknown, ", ");
    if (broken.count)
        link_broken(link, WAY_OUT_FIX, "/etc/fstab names what is not there on this machine: %s", broken_text);
    else if (unknown.count)
        link_unknown(link, "/etc/fstab names what cannot be told from here: %s", unknown_text);
    else
        link_holds(link, "%zu of the %zu entries of /etc/fstab are waited for, and each is there", found, proving->guest->fstab_count);
}

void prove_init(const struct proving *proving, struct proof_link *link)
{
    const struct guest_system *system = &proving->guest->system;
    if (system->init)
        link_holds(link, "/sbin/init is %s, a program for %s", system->init, system->machine ? system->machine : "an unknown processor");
    else
        link_broken(link, "install the package of the init system on the source (systemd-sysv)", "the guest has no /sbin/init that could be run");
}

/* What the root lies in, as the initrd has to put it together: LVM, RAID, LUKS, a btrfs over several devices. */
#include <string.h>

#include "../base/cleanup.h"
#include "../guest/kernel/initrd.h"
#include "proving.h"

/* Debian's cryptsetup-initramfs puts it under a name of its own there, other builders where it lies in the guest. */
static bool holds_key(const struct initrd *initrd, const struct partition *volume)
{
    cleanup_free char *debian = checked_printf("cryptroot/keyfiles/%s.key", strrchr(volume->names.items[0], '/') + 1);
    return strings_contain(&initrd->files, volume->key_file + 1) || strings_contain(&initrd->files, debian);
}

/* Is the root inside of it? Of several that hold volume groups or arrays one does, and it is not known here which. */
static bool may_hold_root(const struct partition *volume, const struct partition *root)
{
    return volume->kind == LAYER_CRYPT && (volume == root || (root->kind != LAYER_CRYPT && (root->layers & LAYER_CRYPT) && volume->opened));
}

/* What nobody's passphrase opens: `*candidates` of them may have the root in them. NULL: each has its key in the initrd, or was never to have one. */
static const struct partition *volume_without_key(const struct proving *proving, const struct partition *root, size_t *candidates)
{
    const struct guest_disk *disk = &proving->guest->disk;
    const struct partition *without = NULL;
    for (size_t i = 0; i < disk->volume_count; i++) {
        const struct partition *volume = &disk->volumes[i];
        if (!may_hold_root(volume, root))
            continue;
        ++*candidates;
        if (volume->key_file && !holds_key(proving->initrd, volume))
            without = volume;
    }
    return without;
}

/* Debian's initrd leaves out what it has no key for (cryptsetup-initramfs, hooks/cryptroot: "Skipping root target"); others ask. */
static bool prove_keys(const struct proving *proving, const struct partition *root, struct proof_link *link)
{
    size_t candidates = 0;
    const struct partition *volume = volume_without_key(proving, root, &candidates);
    if (!volume)
        return true;
    if (candidates == 1 && proving->guest->initrd_builder == INITRD_BUILDER_INITRAMFS_TOOLS)
        link_broken(link, "on the source name the key in KEYFILE_PATTERN of /etc/cryptsetup-initramfs/conf-hook, and run `update-initramfs -u`",
                    "the initrd lacks %s, by which the guest's crypttab opens %s, and so does not open it", volume->key_file, volume->names.items[0]);
    else
        link_unknown(link, "%s, by which the guest's crypttab opens %s, was not found in the initrd: it may wait for a passphrase at each start", volume->key_file,
                     volume->names.items[0]);
    return false;
}

/* lvm2 runs it on a thin pool before that is used; without it newer releases warn, and older ones (up to Debian 9) do not start the pool. */
static bool prove_thin_pool(const struct proving *proving, const struct partition *root, struct proof_link *link)
{
    cleanup_free char *words = partition_words(root);
    if (!strings_contain(&root->drivers, "dm_thin_pool") || strings_contain(&proving->initrd->programs, "thin_check"))
        return true;
    link_unknown(link, "%s lies in a thin pool, and the initrd lacks thin_check (package thin-provisioning-tools, device-mapper-persistent-data): an older lvm2 does not start the pool then",
                 words);
    return false;
}

static void prove_programs(const struct proving *proving, const struct partition *root, const char *drivers, struct proof_link *link)
{
    cleanup_strings struct strings lacking = {0};
    initrd_programs_lacking(proving->initrd, root->layers, &lacking);
    cleanup_free char *names = strings_join(&lacking, ", "), *words = partition_words(root);
    if (lacking.count)
        link_broken(link, WAY_OUT_FIX, "the initrd lacks what puts %s together: %s", words, names);
    else if (prove_keys(proving, root, link) && prove_thin_pool(proving, root, link))
        link_holds(link, "the initrd has the programs that put %s together, and drivers: %s", words, drivers);
}

void prove_root_volume(const struct proving *proving, struct proof_link *link)
{
    const struct partition *root = proving->guest->root_partition;
    if (!root) {
        link_unknown(link, "only a directory was given; the disk would tell");
        return;
    }
    if (root->kind == LAYER_NONE) {
        link_holds(link, "not needed: the root lies in a partition");
        return;
    }
    const struct strings *early = modules_before_root(proving, link);
    cleanup_free char *words = partition_words(root), *lacking = NULL, *drivers = strings_join(&root->drivers, ", ");
    if (!early)
        return;
    if (!proving->initrd) {
        link_broken(link, "make an initrd", "%s is put together by an initrd only, and there is none", words);
        return;
    }
    for (size_t i = 0; i < root->drivers.count; i++)
        if (!driver_is_available(proving, root->drivers.items[i], early, &lacking)) {
            link_broken(link, WAY_OUT_FIX, "the initrd lacks drivers of %s: %s", words, lacking);
            return;
        }
    prove_programs(proving, root, drivers, link);
}

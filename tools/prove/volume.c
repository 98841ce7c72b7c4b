/* What the root lies in, as the initrd has to put it together: LVM, RAID, LUKS. */
#include "../base/cleanup.h"
#include "../guest/kernel/initrd.h"
#include "proving.h"

static void prove_programs(const struct proving *proving, const struct partition *root, const char *drivers, struct proof_link *link)
{
    cleanup_strings struct strings lacking = {0};
    initrd_programs_lacking(proving->initrd, root->layers, &lacking);
    cleanup_free char *names = strings_join(&lacking, ", "), *words = partition_words(root);
    if (lacking.count)
        link_broken(link, WAY_OUT_FIX, "the initrd lacks what puts %s together: %s", words, names);
    else
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

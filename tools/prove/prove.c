/* See prove.h: the table of links, in the order of a boot. */
#include "prove.h"

#include <stdlib.h>
#include <string.h>

#include "../base/cleanup.h"
#include "../base/root.h"
#include "../guest/kernel/initrd.h"
#include "proving.h"

static const struct link_row {
    const char *name;
    prove_link *prove;
} rows[] = {
    {"firmware", prove_firmware},
    {"boot code", prove_boot_code},
    {"boot loader", prove_boot_loader},
    {"kernel", prove_kernel},
    {"initrd", prove_initrd},
    {"disk driver", prove_disk_driver},
    {"volumes", prove_root_volume},
    {"root", prove_root},
    {"root file system", prove_root_driver},
    {"fstab", prove_fstab},
    {"init", prove_init},
    {"network cards", prove_nic_drivers},
    {"network settings", prove_network},
};

/* The initrd of the entry that boots; inspect has read those of the newest kernels under their usual names. `own` is for another. */
static const struct initrd *choose_initrd(const struct guest *guest, const struct kernel *kernel, struct initrd *own)
{
    const char *path = guest->boot.default_initrd;
    if (!path)
        return NULL;
    const struct initrd *started = kernel ? kernel_started_initrd(kernel) : NULL;
    if (started && root_is_same_file(guest->root_fd, path, started->path) && (started->was_read || guest->remote))
        return started;
    if (!guest->remote)
        initrd_read(guest->root_fd, path, own);
    return own;
}

/* A disk that holds no system, or two, has no chain to go along. */
static void prove_nothing(const struct guest *guest, struct proof *proof)
{
    struct proof_link *link = &proof->links[proof->count++];
    cleanup_free char *systems = strings_join(&guest->systems, " and ");
    link->name = "system";
    if (guest->systems.count)
        link_broken(link, "leave only one of them on the disk", "%s holds %zu systems: %s", guest->what, guest->systems.count, systems);
    else
        link_broken(link, "`rehost inspect` shows what was found instead", "%s holds no system", guest->what);
}

int prove_guest(const struct prove_input *input, struct proof *proof, struct error *err)
{
    const size_t count = sizeof rows / sizeof *rows;
    struct proving proving = {.guest = input->guest, .hardware = input->hardware, .held_boot_code = input->held_boot_code};
    proving.disk = hardware_choose_disk(input->hardware, input->disk, input->guest->disk.device);
    for (size_t i = 0; i < input->guest->other_count && i < DISKS_MAX; i++)
        proving.other_disks[i] = hardware_disk_named(input->hardware, input->other_disks ? input->other_disks[i] : input->guest->others[i].disk.device);
    *proof = (struct proof){.links = checked_alloc(count * sizeof *proof->links)};
    if (input->disk && !proving.disk) {
        proof_free(proof);
        error_set(err, "this machine has no disk %s", input->disk);
        return error_advise(err, "`rehost hardware` shows its disks");
    }
    if (input->guest->root_fd < 0) {
        prove_nothing(input->guest, proof);
        return 0;
    }
    cleanup_initrd struct initrd own = {0};
    proving.kernel = guest_default_kernel(input->guest);
    proving.initrd = choose_initrd(input->guest, proving.kernel, &own);
    for (size_t i = 0; i < count; i++) {
        struct proof_link *link = &proof->links[proof->count++];
        link->name = rows[i].name;
        link->state = LINK_UNKNOWN;
        rows[i].prove(&proving, link);
    }
    return 0;
}

bool proof_holds(const struct proof *proof)
{
    for (size_t i = 0; i < proof->count; i++)
        if (proof->links[i].state == LINK_BROKEN)
            return false;
    return true;
}

void proof_free(struct proof *proof)
{
    for (size_t i = 0; i < proof->count; i++) {
        free(proof->links[i].evidence);
        free(proof->links[i].way_out);
    }
    free(proof->links);
    *proof = (struct proof){0};
}

/* The plan is a table of steps, gone through in order. See plan.h and planning.h. */
#include <string.h>

#include "../base/cleanup.h"
#include "planning.h"

/* The order matters in two places: whatever an initrd holds a copy of is settled before the initrd is made anew, and
 * the boot loader's configuration is made after it, as it looks for the initrds that are there. */
static const struct plan_step steps[] = {
    {"system", "exactly one system, on file systems that are whole", false, plan_system},
    {"firmware", "the disk is laid out for this machine's firmware", false, plan_firmware},
    {"disk", "the guest fits on this machine's disk", false, plan_disk},
    {"kernel", "the kernel drives this machine's disk and network cards", true, plan_kernel},
    {"fstab", "file systems are named by what they are, not by where they are", true, plan_fstab},
    {"volumes", "encryption, RAID and LVM look at this machine's disks", true, plan_volumes},
    {"modprobe", "no blacklist keeps a driver out that this machine needs", true, plan_modprobe},
    {"network", "the settings go to this machine's network cards, under the old names", true, plan_network},
    {"lilo", "nothing runs LILO any more, as extlinux takes its place", true, plan_lilo},
    {"initrd", "the initrd holds the drivers of this machine's disk", true, plan_initrd},
    {"boot loader", "the boot loader starts that kernel, and names the root file system by UUID", true, plan_boot_loader},
    {"efi", "the firmware finds a loader though it knows no boot entry", true, plan_efi},
    {"console", "the console is one that this machine has", true, plan_console},
    {"agents", "tools of another hypervisor do not start", true, plan_agents},
    {"leftovers", "what was made for the old machine's hardware is made anew", true, plan_leftovers},
    {"machine", "what knows the old machine by its numbers takes this one for the same server, or is named", true, plan_machine},
    {"time", "something sets the clock", true, plan_time},
};

/* Unlike the first, no disk of the machine is taken for them only because it is there. */
static void find_other_disks(const struct plan_input *input, struct plan *plan)
{
    for (size_t i = 0; i < input->guest->other_count && i < DISKS_MAX; i++)
        plan->other_disks[i] = hardware_disk_named(input->hardware, input->other_disks ? input->other_disks[i] : input->guest->others[i].disk.device);
}

int plan_make(const struct plan_input *input, struct plan *plan, struct error *err)
{
    *plan = (struct plan){.disk = hardware_choose_disk(input->hardware, input->disk, input->guest->disk.device)};
    if (input->disk && !plan->disk)
        return error_set(err, "plan: this machine has no disk %s", input->disk);
    find_other_disks(input, plan);
    struct planning planning = {
        .input = input, .guest = input->guest, .hardware = input->hardware, .plan = plan, .kernel = guest_default_kernel(input->guest)};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        planning.step = steps[i].name;
        if (!steps[i].needs_system || input->guest->root_fd >= 0)
            steps[i].plan(&planning);
    }
    strings_free(&planning.drivers);
    return 0;
}

bool plan_is_blocked(const struct plan *plan)
{
    for (size_t i = 0; i < plan->finding_count; i++)
        if (plan->findings[i].severity == SEVERITY_BLOCKER)
            return true;
    return false;
}

static void free_operation(struct operation *operation)
{
    free(operation->step);
    free(operation->why);
    free(operation->path);
    free(operation->content);
    strings_free(&operation->argv);
    strings_free(&operation->changes);
    free(operation->kernel);
    strings_free(&operation->drivers);
}

void plan_free(struct plan *plan)
{
    for (size_t i = 0; i < plan->finding_count; i++) {
        free(plan->findings[i].step);
        free(plan->findings[i].message);
        free(plan->findings[i].way_out);
    }
    for (size_t i = 0; i < plan->operation_count; i++)
        free_operation(&plan->operations[i]);
    free(plan->findings);
    free(plan->operations);
    for (size_t i = 0; i < plan->nic_move_count; i++)
        free(plan->nic_moves[i].why);
    free(plan->nic_moves);
    *plan = (struct plan){0};
}

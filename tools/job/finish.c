/* The end: what makes the disk bootable is written last of all, then this machine is left. */
#include <fcntl.h>
#include <linux/cdrom.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>

#include "../base/cleanup.h"
#include "../base/clock.h"
#include "../guest/boot/esp.h"
#include "run.h"

#define MEDIUM_LABEL "REHOST"

/* So that the machine starts from its disk now, whatever the firmware's order. Everything of ours is in memory; a drive
 * that does not open changes nothing. */
static void eject_medium(struct run *run)
{
    for (size_t i = 0; i < run->hardware.disk_count; i++) {
        const struct hardware_disk *disk = &run->hardware.disks[i];
        cleanup_free char *label = disk->medium ? disk_label(disk->device) : NULL;
        if (!string_is(label, MEDIUM_LABEL))
            continue;
        cleanup_close int fd = open(disk->device, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
            continue;
        ioctl(fd, CDROM_LOCKDOOR, 0);
        if (ioctl(fd, CDROMEJECT) == 0)
            console_say(&run->console, "    %s: ejected, it is no longer needed\n", disk->device);
    }
}

/* The fallback is in place as well, so a firmware that takes no entry costs nothing but this warning. */
static void make_boot_entry(struct run *run)
{
    const struct boot_entry_wish *wish = &run->boot_entry;
    struct error err = {0};
    if (!wish->loader)
        return;
    if (boot_entry_make(wish, run->disks[0].target.device, &err) == 0)
        console_say(&run->console, "    the firmware has a boot entry \"%s\" for it now (%s of partition %u)\n", wish->label, wish->loader, wish->partition);
    else
        console_say(&run->console, "    warning: %s\n    The firmware has to find " EFI_FALLBACK " by itself; choose the disk in its boot menu if it does not.\n", string_trim(err.message));
}

static void say_changes(struct run *run)
{
    console_say(&run->console, "  Changed in the moved system (what was there before is kept in its /var/lib/rehost/undo):\n");
    console_say_text(&run->console, run->changed.length ? run->changed.data : "nothing\n");
}

static void say_times(struct run *run)
{
    cleanup_text struct text line = {0};
    for (size_t i = 0; i < run->state.stage_count; i++)
        text_printf(&line, "%s%s %.1f s", i ? ", " : "", run->state.stages[i].name,
                    run->state.stages[i].outcome == OUTCOME_RUNNING ? clock_seconds() - run->state.stage_began : run->state.stages[i].seconds);
    console_say(&run->console, "  Times: %s\n", line.data);
}

static void say_lost(struct run *run, unsigned i)
{
    if (!run->disks[i].lost)
        return;
    console_say(&run->console, "  Lost, as the source could not read it (zeroes on %s):\n", run->disk_count > 1 ? run->disks[i].target.device : "this disk");
    console_say_text(&run->console, run->disks[i].lost);
}

/* The first is the last: without it nothing boots. */
static int release_all(struct run *run, struct error *err)
{
    for (unsigned i = run->disk_count; i-- > 0;) {
        struct run_disk *disk = &run->disks[i];
        if (pull_release(disk->target.device, disk->pulled.boot_code, err) < 0)
            return -1;
        disk->target.state = TARGET_RELEASED;
    }
    sync();
    return 0;
}

int stage_finish(struct run *run, struct error *err)
{
    if (release_all(run, err) < 0)
        return -1;
    if (run->appliance) {
        make_boot_entry(run);
        eject_medium(run);
    }
    say_changes(run);
    for (unsigned i = 0; i < run->disk_count; i++)
        say_lost(run, i);
    say_times(run);
    for (unsigned i = 1; i < run->disk_count; i++)
        console_say(&run->console, "    %s is complete.\n", run->disks[i].target.device);
    console_say(&run->console, "    %s is complete and will boot on this machine. The source is untouched.\n", run->disks[0].target.device);
    return 0;
}

static const struct {
    const char *words;
    int how;
} leaving[] = {
    [AFTER_REBOOT] = {"rebooting into the moved server", RB_AUTOBOOT},
    [AFTER_POWEROFF] = {"switching this machine off", RB_POWER_OFF},
    [AFTER_SHELL] = {"staying here, as the job says after=shell", 0},
    [AFTER_HALT] = {"halting; switch this machine off", RB_HALT_SYSTEM},
};

void run_leave(struct run *run)
{
    enum job_after after = run->job.after;
    bool stays = !run->appliance && after != AFTER_SHELL;
    console_say(&run->console, "rehost: %s%s\n", leaving[after].words, stays ? " (not done: this is not the appliance)" : "");
    if (stays || after == AFTER_SHELL)
        return;
    sync();
    sleep(1); /* a slow serial line still has to send the last words */
    if (reboot(leaving[after].how) < 0)
        console_say(&run->console, "rehost: the kernel refuses (%m); do it by hand\n");
}

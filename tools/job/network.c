/* The first stages: what this machine is, and a network card for the pull. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/cleanup.h"
#include "../base/clock.h"
#include "../base/program.h"
#include "../plan/network/evidence.h"
#include "fetch.h"
#include "run.h"

#define NET_UP "/lib/rehost/net-up"
/* It gives up by itself after about a minute for each card; this is for when it hangs. */
#define NET_UP_SECONDS 300

int stage_hardware(struct run *run, struct error *err)
{
    if (hardware_of(run->hardware_file, &run->hardware, err) < 0)
        return -1;
    const struct hardware *hardware = &run->hardware;
    cleanup_free char *memory = size_for_people(hardware->memory_bytes);
    console_say(&run->console, "    %s %s, %s, %s of memory, started by %s%s\n", hardware->vendor ? hardware->vendor : "unknown",
                hardware->product ? hardware->product : "machine", hardware->machine ? hardware->machine : "", memory,
                firmware_name(hardware->firmware), hardware->secure_boot ? " with Secure Boot" : "");
    for (size_t i = 0; i < hardware->nic_count; i++)
        console_say(&run->console, "    %s: %s, driver %s\n", hardware->nics[i].name, hardware->nics[i].mac,
                    hardware->nics[i].driver ? hardware->nics[i].driver : "none");
    return 0;
}

/* The last line that it prints: "DEVICE ADDRESS/PREFIX GATEWAY"; warnings stand before it. */
static char *last_line(struct text *output)
{
    const char *cursor = output->data, *line, *last = NULL;
    size_t length, last_length = 0;
    while (next_line(&cursor, &line, &length))
        if (length) {
            last = line;
            last_length = length;
        }
    return last ? checked_copy_bytes(last, last_length) : NULL;
}

static const char *mac_of(const struct hardware *hardware, const char *name)
{
    for (size_t i = 0; i < hardware->nic_count; i++)
        if (string_is(hardware->nics[i].name, name) && hardware->nics[i].mac)
            return hardware->nics[i].mac;
    return "";
}

static int bring_up(struct run *run, struct error *err)
{
    const char *nic = run->job.nic ? run->job.nic : "auto", *ip = run->job.ip ? run->job.ip : "dhcp";
    const char *const argv[] = {NET_UP, nic, ip, NULL};
    cleanup_text struct text output = {0};
    console_say(&run->console, "    network card %s, address by %s ...\n", nic, ip);
    if (program_run(&(struct program){.argv = argv, .input_fd = -1, .timeout_seconds = NET_UP_SECONDS}, &output, err) < 0)
        return error_prefix(err, "bring up the network (card %s, address %s)", nic, ip);
    cleanup_free char *line = last_line(&output);
    char device[64], address[64], gateway[64];
    if (!line || sscanf(line, "%63s %63s %63s", device, address, gateway) != 3)
        return error_set(err, "bring up the network: %s printed no address", NET_UP);
    free(run->mac);
    run->mac = checked_copy(mac_of(&run->hardware, device));
    console_say(&run->console, "    %s (%s) has %s, gateway %s\n", device, run->mac, address, gateway);
    return 0;
}

/* An address that DHCP does not give can be typed in. */
static int ask_address(struct run *run, const struct error *failure, struct error *err)
{
    console_say(&run->console, "    %s\n", failure->message);
    for (;;) {
        cleanup_free char *answer = NULL;
        if (run_ask(run, "Address (dhcp, or ADDRESS/PREFIX[,GATEWAY]): ", NULL, &answer, err) < 0)
            return -1;
        struct error wrong = {0};
        const char *ip = *answer ? answer : "dhcp";
        if (job_check_ip(ip, &wrong) == 0) {
            free(run->job.ip);
            run->job.ip = checked_copy(ip);
            return 0;
        }
        console_say(&run->console, "    %s. %s\n", wrong.message, wrong.advice);
    }
}

/* An unattended machine may be up before the switch or the DHCP server is. */
static int bring_up_with_patience(struct run *run, struct error *err)
{
    double until = clock_seconds() + run_patience(run);
    for (;;) {
        struct error failure = {0};
        if (bring_up(run, &failure) == 0)
            return 0;
        bool unattended = run->job.confirmed;
        if (unattended && clock_seconds() < until) {
            console_say(&run->console, "    %s; trying again ...\n", failure.message);
            sleep(5);
        } else if (unattended || ask_address(run, &failure, err) < 0) {
            *err = failure;
            return error_advise(err, "See that a cable is plugged in and the network card is connected to the right network, or "
                                     "give nic= and ip= (rehost-job(5)).");
        }
    }
}

/* Any card's MAC serves for the job's name on a machine whose network is not ours. */
static const char *first_mac(const struct hardware *hardware)
{
    for (size_t i = 0; i < hardware->nic_count; i++)
        if (hardware->nics[i].link == 1 && hardware->nics[i].mac)
            return hardware->nics[i].mac;
    return hardware->nic_count && hardware->nics[0].mac ? hardware->nics[0].mac : "";
}

static int fetch_late_job(struct run *run, struct error *err)
{
    cleanup_free char *place = job_place_for(run->job_place, run->mac);
    console_say(&run->console, "    job: %s\n", place);
    if (job_fetch(place, &run->job, err) < 0 || job_check_disks(&run->job, err) < 0) {
        run->exit_status = 2;
        return -1;
    }
    return 0;
}

void run_listen(struct run *run, const struct plan_input *input)
{
    struct error failure = {0};
    if (!run->appliance || !evidence_is_wanted(input))
        return;
    console_say(&run->console, "    listening which network card is in which network ...\n");
    if (evidence_look(input, &run->hardware, &failure) < 0)
        console_say(&run->console, "    warning: %s\n", failure.message);
}

static bool sources_are_local(const struct job *job)
{
    for (unsigned i = 1; i < DISKS_MAX && job->disks[i].source; i++)
        if (!source_is_local(job->disks[i].source))
            return false;
    return job->disks[0].source && source_is_local(job->disks[0].source);
}

int stage_network(struct run *run, struct error *err)
{
    if (!run->appliance)
        console_say(&run->console, "    as this machine has it\n");
    else if (!run->job_place && sources_are_local(&run->job))
        console_say(&run->console, "    not needed for %s\n", run->job.disks[0].source);
    else if (bring_up_with_patience(run, err) < 0)
        return -1;
    if (!run->mac)
        run->mac = checked_copy(first_mac(&run->hardware));
    return run->job_place ? fetch_late_job(run, err) : 0;
}

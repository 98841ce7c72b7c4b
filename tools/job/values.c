/* The values of a job, checked one by one: the same for a file, the kernel's command line and an answer on the console. */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "../base/cleanup.h"
#include "job.h"

const char *job_after_name(enum job_after after)
{
    static const char *const names[] = {"reboot", "poweroff", "shell", "halt"};
    return names[after];
}

static bool is_ipv4(const char *address)
{
    struct in_addr binary;
    return inet_pton(AF_INET, address, &binary) == 1;
}

/* Cuts `copy` into its parts. */
static bool is_address_prefix_gateway(char *copy)
{
    char *gateway = strchr(copy, ',');
    if (gateway)
        *gateway++ = '\0';
    char *prefix = strchr(copy, '/');
    if (!prefix)
        return false;
    *prefix++ = '\0';
    char *end;
    unsigned long length = strtoul(prefix, &end, 10);
    return is_ipv4(copy) && isdigit((unsigned char)*prefix) && !*end && length >= 1 && length <= 32 && (!gateway || is_ipv4(gateway));
}

int job_check_ip(const char *ip, struct error *err)
{
    cleanup_free char *copy = checked_copy(ip);
    if (string_is(ip, "dhcp") || is_address_prefix_gateway(copy))
        return 0;
    error_set(err, "\"%.100s\" is no address", ip);
    return error_advise(err, "It is dhcp, or ADDRESS/PREFIX[,GATEWAY] such as 192.0.2.10/24,192.0.2.1.");
}

int job_add_map(struct job *job, const char *value, struct error *err)
{
    struct nic_choice choice = {0};
    if (nic_choice_parse(value, &choice) < 0) {
        error_set(err, "\"%.200s\" is not of the form OLD=MAC", value);
        return error_advise(err, "OLD is an interface name, MAC or address of the moved system, MAC that of a card of this machine.");
    }
    for (size_t i = 0; i < job->nic_choice_count; i++)
        if (string_is(job->nic_choices[i].old, choice.old)) {
            free(choice.old);
            free(job->nic_choices[i].mac);
            job->nic_choices[i].mac = choice.mac;
            return 0;
        }
    job->nic_choices = checked_grow(job->nic_choices, job->nic_choice_count + 1, sizeof *job->nic_choices);
    job->nic_choices[job->nic_choice_count++] = choice;
    return 0;
}

bool job_add_address(struct job *job, const char *value)
{
    size_t old = strcspn(value, "=") + 1;
    for (size_t i = 0; i < job->addresses.count; i++)
        if (strncmp(job->addresses.items[i], value, old) == 0)
            return false;
    strings_add(&job->addresses, value);
    return true;
}

int job_check_disks(const struct job *job, struct error *err)
{
    for (unsigned i = 1; i < DISKS_MAX; i++) {
        const struct job_disk *disk = &job->disks[i];
        if (disk->disk && !disk->source) {
            error_set(err, "disk%u is given, and source%u is not", i + 1, i + 1);
            return error_advise(err, "Say what goes onto it: source%u=URI. Each disk of the server is a pair of both (rehost-job(5)).", i + 1);
        }
        if (disk->source && i > 1 && !job->disks[i - 1].source)
            return error_set(err, "source%u is given, and source%u is not: the disks are numbered without a gap", i + 1, i);
        for (unsigned k = 0; k < i; k++)
            if (string_is(disk->source, job->disks[k].source))
                return error_set(err, "%s is named as the source of two disks", disk->source);
    }
    return 0;
}

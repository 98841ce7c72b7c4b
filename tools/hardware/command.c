/* rehost hardware: what this machine is. */
#include <stdio.h>

#include "../base/cleanup.h"
#include "../base/options.h"
#include "hardware.h"

static const char *or_dash(const char *string)
{
    return string ? string : "-";
}

static void print_machine(const struct hardware *hardware)
{
    cleanup_free char *memory = size_for_people(hardware->memory_bytes);
    printf("Machine   %s %s (%s)\n", or_dash(hardware->vendor), or_dash(hardware->product), or_dash(hardware->machine));
    printf("Firmware  %s%s\n", firmware_name(hardware->firmware), hardware->secure_boot ? ", Secure Boot enforced" : "");
    printf("Memory    %s\n", memory);
}

static void print_modaliases(const struct strings *modaliases)
{
    for (size_t i = 0; i < modaliases->count; i++)
        printf("            %s\n", modaliases->items[i]);
}

static void print_disk(const struct hardware_disk *disk)
{
    cleanup_free char *size = size_for_people(disk->size_bytes);
    printf("Disk      %-14s %10s  driver %s, model %s, serial %s%s%s%s\n", disk->device, size, or_dash(disk->driver),
           or_dash(disk->model), or_dash(disk->serial), disk->removable ? ", removable" : "", disk->read_only ? ", read-only" : "",
           disk->medium ? ", for media only: never a target" : "");
    print_modaliases(&disk->modaliases);
}

static void print_nic(const struct hardware_nic *nic)
{
    const char *link = nic->link < 0 ? "link not known (the interface is down)" : nic->link ? "link up" : "no link";
    printf("NIC       %-14s %s  driver %s, %s\n", nic->name, or_dash(nic->mac), or_dash(nic->driver), link);
    print_modaliases(&nic->modaliases);
}

static void print_table(const struct hardware *hardware)
{
    print_machine(hardware);
    for (size_t i = 0; i < hardware->disk_count; i++)
        print_disk(&hardware->disks[i]);
    for (size_t i = 0; i < hardware->nic_count; i++)
        print_nic(&hardware->nics[i]);
}

int command_hardware(int argc, char **argv)
{
    bool json = false;
    const char *file = NULL;
    const struct option_row rows[] = {
        {.name = "json", .help = "one JSON document, which --hardware of the other commands reads", .flag = &json},
        {.name = "hardware", .argument = "FILE", .help = "show the machine that FILE describes instead of this one", .value = &file},
        {0},
    };
    const struct usage usage = {"hardware", "", "Shows what this machine is: firmware, memory, disks, network cards.", rows, 0, 0};
    int first, status;
    if (options_parse(&usage, argc, argv, &first, &status) < 0)
        return status;
    cleanup_hardware struct hardware hardware = {0};
    struct error err = {0};
    if (hardware_of(file, &hardware, &err) < 0) {
        fprintf(stderr, "rehost: hardware: %s\n%s%s", err.message, err.advice, *err.advice ? "\n" : "");
        return EXIT_FAILED;
    }
    if (json)
        return json_print(hardware_to_json(&hardware));
    print_table(&hardware);
    return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

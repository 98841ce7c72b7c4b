/* rehost prove: the boot chain of a guest on this machine, link by link. */
#include <stdio.h>

#include "../base/cleanup.h"
#include "../base/options.h"
#include "prove.h"

static int complain(const struct error *err)
{
    fprintf(stderr, "rehost: prove: %s\n%s%s", err->message, err->advice, *err->advice ? "\n" : "");
    return EXIT_FAILED;
}

static int show(const struct proof *proof, bool json)
{
    int status = proof_holds(proof) ? EXIT_DONE : EXIT_BLOCKED;
    if (json)
        return json_print(proof_to_json(proof)) == EXIT_DONE ? status : EXIT_FAILED;
    cleanup_free char *text = proof_to_text(proof);
    return fputs(text, stdout) >= 0 && fflush(stdout) == 0 ? status : EXIT_FAILED;
}

static int prove(const char *const *disks, size_t count, const char *luks_key, const struct hardware *hardware, const char *disk, bool json)
{
    struct guest guest;
    struct proof proof = {0};
    struct error err = {0};
    cleanup_keys struct guest_keys keys = {0};
    if (guest_keys_add_file(&keys, luks_key, &err) < 0 || guest_open_disks(disks, count, GUEST_READ, &keys, &guest, &err) < 0)
        return complain(&err);
    struct prove_input input = {.guest = &guest, .hardware = hardware, .disk = disk};
    int status = prove_guest(&input, &proof, &err) < 0 ? complain(&err) : show(&proof, json);
    proof_free(&proof);
    return guest_close(&guest, &err) < 0 ? complain(&err) : status;
}

int command_prove(int argc, char **argv)
{
    bool json = false;
    const char *file = NULL, *disk = NULL, *luks_key = NULL;
    const struct option_row rows[] = {
        {.name = "hardware", .argument = "FILE", .help = "for the machine that FILE describes instead of this one", .value = &file},
        {.name = "disk", .argument = "DISK", .help = "the disk of that machine it boots from; otherwise its own, or the first", .value = &disk},
        {.name = "luks-key", .argument = "FILE", .help = "opens what is encrypted by LUKS: the whole of FILE, or its one line", .value = &luks_key},
        {.name = "json", .help = "one JSON document", .flag = &json},
        {0},
    };
    const struct usage usage = {"prove", "WHAT [WHAT]...", "Shows link by link whether a guest will boot on this machine. Only reads.\n" SEVERAL_DISKS_HELP, rows, 1, DISKS_MAX};
    int first, status;
    if (options_parse(&usage, argc, argv, &first, &status) < 0)
        return status;
    cleanup_hardware struct hardware hardware = {0};
    struct error err = {0};
    if (hardware_of(file, &hardware, &err) < 0)
        return complain(&err);
    return prove((const char *const *)&argv[first], (size_t)(argc - first), luks_key, &hardware, disk, json);
}

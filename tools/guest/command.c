/* rehost inspect: what system is on a disk, an image, an NBD source or in a directory. */
#include <stdio.h>

#include "../base/cleanup.h"
#include "../base/options.h"
#include "inspect.h"

static int complain(const struct error *err)
{
    fprintf(stderr, "rehost: inspect: %s\n%s%s", err->message, err->advice, *err->advice ? "\n" : "");
    return EXIT_FAILED;
}

static int show(const struct guest *guest, bool json)
{
    if (json)
        return json_print(guest_to_json(guest));
    cleanup_free char *text = guest_to_text(guest);
    return fputs(text, stdout) >= 0 && fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

int command_inspect(int argc, char **argv)
{
    bool json = false;
    const char *luks_key = NULL;
    const struct option_row rows[] = {
        {.name = "luks-key", .argument = "FILE", .help = "opens what is encrypted by LUKS: the whole of FILE, or its one line", .value = &luks_key},
        {.name = "json", .help = "one JSON document", .flag = &json},
        {0},
    };
    const struct usage usage = {"inspect", "WHAT [WHAT]...", "Shows what system is on a disk, an image, a source's URI, or in a directory. Only reads.\n" SEVERAL_DISKS_HELP, rows, 1, DISKS_MAX};
    int first, status;
    if (options_parse(&usage, argc, argv, &first, &status) < 0)
        return status;
    struct guest guest;
    struct error err = {0};
    cleanup_keys struct guest_keys keys = {0};
    if (guest_keys_add_file(&keys, luks_key, &err) < 0 || guest_open_disks((const char *const *)&argv[first], (size_t)(argc - first), GUEST_READ, &keys, &guest, &err) < 0)
        return complain(&err);
    status = show(&guest, json);
    return guest_close(&guest, &err) < 0 ? complain(&err) : status;
}

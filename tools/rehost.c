/* rehost: moves a server into the machine it runs on. This is the spine: a table of subcommands.
 *
 *     hardware → inspect → plan → pull → fix → prove → reboot
 *
 * `rehost run` goes through all of them; each can be had alone. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "apply/apply.h"
#include "base/options.h"
#include "guest/guest.h"
#include "hardware/hardware.h"
#include "job/job.h"
#include "plan/plan.h"
#include "prove/prove.h"
#include "pull/pull.h"

#ifndef REHOST_VERSION
#define REHOST_VERSION "unknown"
#endif

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *arguments;
    const char *help;
} commands[] = {
    {"hardware", command_hardware, "", "show what this machine is: firmware, disks, network cards"},
    {"inspect", command_inspect, "WHAT", "show what system is on a disk, image, NBD source or directory"},
    {"plan", command_plan, "WHAT", "show what has to change for it to boot on this machine; changes nothing"},
    {"fix", command_fix, "WHAT", "carry the plan out"},
    {"prove", command_prove, "WHAT", "show link by link that it will boot"},
    {"pull", command_pull, "SOURCE-URI DISK", "copy a disk over the network onto a local one"},
    {"run", command_run, "", "the whole move; what the appliance starts"},
};

static void print_help(FILE *out)
{
    fprintf(out, "Usage: rehost COMMAND [options] [arguments]\n\nMoves a server into the machine it runs on.\n\n");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        fprintf(out, "  %-9s %-16s %s\n", commands[i].name, commands[i].arguments, commands[i].help);
    fprintf(out, "\nrehost COMMAND --help shows the options. See rehost(1).\n");
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN); /* a source that goes away is an error to handle, not a reason to die */
    if (argc >= 2 && (string_is(argv[1], "--help") || string_is(argv[1], "help"))) {
        print_help(stdout);
        return EXIT_DONE;
    }
    if (argc >= 2 && string_is(argv[1], "--version")) {
        printf("rehost %s\n", REHOST_VERSION);
        return EXIT_DONE;
    }
    for (size_t i = 0; argc >= 2 && i < sizeof commands / sizeof *commands; i++)
        if (string_is(argv[1], commands[i].name))
            return commands[i].run(argc - 1, argv + 1);
    if (argc >= 2)
        fprintf(stderr, "rehost: there is no command %s\n\n", argv[1]);
    print_help(stderr);
    return EXIT_USAGE;
}

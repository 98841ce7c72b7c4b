/* Options of a subcommand: one table, the help text beside each option. */
#ifndef REHOST_BASE_OPTIONS_H
#define REHOST_BASE_OPTIONS_H

#include <stdbool.h>

/* What every subcommand ends with; scripts rely on these (man rehost). */
enum exit_status { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_BLOCKED = 3 };

struct option_row {
    const char *name;     /* without the dashes: "hardware"; NULL ends the table */
    const char *argument; /* "FILE", or NULL when the option takes none */
    const char *help;
    /* Exactly one of these says where it goes. */
    bool *flag;
    const char **value;
    int (*take)(void *context, const char *argument); /* for repeatable options; -1: not understood */
    void *context;
};

struct usage {
    const char *command;   /* "pull" */
    const char *arguments; /* "SOURCE-URI DISK" */
    const char *summary;   /* one sentence */
    const struct option_row *rows;
    int arguments_min, arguments_max;
};

/* Parses argv; the words that are no options are left in argv[*first ...argc-1].
 * 0: go on; otherwise *status holds what to exit with (--help was printed, or the mistake was named on stderr). */
int options_parse(const struct usage *usage, int argc, char **argv, int *first, int *status);

#endif

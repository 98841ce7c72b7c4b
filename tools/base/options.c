/* See options.h. */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "text.h"

static size_t count_rows(const struct option_row *rows)
{
    size_t count = 0;
    while (rows[count].name)
        count++;
    return count;
}

static void print_row(const char *name, const char *argument, const char *help)
{
    cleanup_free char *left = checked_printf("--%s%s%s", name, argument ? " " : "", argument ? argument : "");
    printf("  %-24s %s\n", left, help);
}

static void print_help(const struct usage *usage)
{
    printf("Usage: rehost %s [options] %s\n\n%s\n\n", usage->command, usage->arguments, usage->summary);
    for (const struct option_row *row = usage->rows; row->name; row++)
        print_row(row->name, row->argument, row->help);
    print_row("help", NULL, "show this text");
    printf("\nSee rehost-%s(1).\n", usage->command);
}

static int wrong_usage(const struct usage *usage, const char *message, const char *what)
{
    fprintf(stderr, "rehost %s: %s%s\nTry: rehost %s --help\n", usage->command, message, what, usage->command);
    return EXIT_USAGE;
}

static int take_value(const struct option_row *row, const char *argument)
{
    if (row->flag)
        *row->flag = true;
    else if (row->value)
        *row->value = argument;
    else
        return row->take(row->context, argument);
    return 0;
}

/* getopt_long's own table; the caller frees it. The last named row is --help. */
static struct option *long_options(const struct option_row *rows, size_t count)
{
    struct option *table = checked_alloc((count + 2) * sizeof *table);
    for (size_t i = 0; i < count; i++)
        table[i] = (struct option){rows[i].name, rows[i].argument ? required_argument : no_argument, NULL, 0};
    table[count] = (struct option){"help", no_argument, NULL, 0};
    return table;
}

int options_parse(const struct usage *usage, int argc, char **argv, int *first, int *status)
{
    size_t count = count_rows(usage->rows);
    cleanup_free struct option *table = long_options(usage->rows, count);
    optind = 1;
    opterr = 0;
    for (int index = 0, letter; (letter = getopt_long(argc, argv, "", table, &index)) != -1;) {
        if (letter == '?') {
            *status = wrong_usage(usage, "this option is unknown, or lacks its value: ", argv[optind - 1]);
            return -1;
        }
        if ((size_t)index == count) {
            print_help(usage);
            *status = EXIT_DONE;
            return -1;
        }
        if (take_value(&usage->rows[index], optarg) < 0) {
            *status = wrong_usage(usage, "this value is not understood: ", optarg);
            return -1;
        }
    }
    *first = optind;
    int given = argc - optind;
    if (given < usage->arguments_min || given > usage->arguments_max) {
        *status = wrong_usage(usage, "it takes ", *usage->arguments ? usage->arguments : "no arguments");
        return -1;
    }
    return 0;
}

/* What each link's function ends with. See proving.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "proving.h"

static void set_link(struct proof_link *link, enum link_state state, const char *way_out, const char *format, va_list args)
{
    char *evidence = NULL;
    if (vasprintf(&evidence, format, args) < 0)
        evidence = checked_copy("out of memory");
    free(link->evidence);
    free(link->way_out);
    link->state = state;
    link->evidence = evidence;
    link->way_out = checked_copy(way_out);
}

void link_holds(struct proof_link *link, const char *evidence, ...)
{
    va_list args;
    va_start(args, evidence);
    set_link(link, LINK_HOLDS, NULL, evidence, args);
    va_end(args);
}

void link_unknown(struct proof_link *link, const char *evidence, ...)
{
    va_list args;
    va_start(args, evidence);
    set_link(link, LINK_UNKNOWN, NULL, evidence, args);
    va_end(args);
}

void link_broken(struct proof_link *link, const char *way_out, const char *evidence, ...)
{
    va_list args;
    va_start(args, evidence);
    set_link(link, LINK_BROKEN, way_out, evidence, args);
    va_end(args);
}

/* A line of network settings, in which one address becomes another. What stands behind a " #" is a comment and stays as it is. */
#ifndef REHOST_PLAN_NETWORK_READDRESS_LINE_H
#define REHOST_PLAN_NETWORK_READDRESS_LINE_H

#include "../../base/text.h"

struct readdress {
    const char *old_address, *new_address; /* without their prefixes */
    unsigned new_prefix;                   /* bits */
    const char *old_gateway, *new_gateway; /* NULL: the gateway stays */
};

/* Whether all of the line is a comment. */
bool readdress_line_is_comment(const char *line, size_t length);
/* Whether the line is no comment, and names the address. */
bool readdress_line_names(const char *line, size_t length, const char *address);
/* Appends the line, with the new address for the old one and its prefix where `address` says so, and the new gateway where `gateway` does and the
 * line is one that names a gateway. */
void readdress_line(struct text *out, const char *line, size_t length, const struct readdress *change, bool address, bool gateway);

/* What follows from an address with its prefix. */
enum derived { DERIVED_NONE, DERIVED_MASK, DERIVED_PREFIX, DERIVED_NETWORK, DERIVED_BROADCAST };
/* Appends the line, in which the value of "key value" or "key=value" at `value` becomes the one that follows from the new address; quotes and what is
 * behind them stay. */
void readdress_line_value(struct text *out, const char *line, size_t length, const char *value, enum derived what, const struct readdress *change);

#endif

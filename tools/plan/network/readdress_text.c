/* See readdress_text.h: what each kind of file is made of. readdress_line.c changes a line of it. */
#include "readdress_text.h"

#include <stdio.h>
#include <string.h>

#include "../../base/cleanup.h"

bool readdress_is_named(const char *text, const struct readdress *change)
{
    const char *line;
    for (size_t length; next_line(&text, &line, &length);)
        if (readdress_line_names(line, length, change->old_address))
            return true;
    return false;
}

static void rewrite_plain(struct text *out, const char *line, size_t length, void *context)
{
    if (readdress_line_is_comment(line, length))
        text_append_bytes(out, line, length);
    else
        readdress_line(out, line, length, context, true, true);
}

char *readdress_plain(const char *text, const struct readdress *change)
{
    return readdress_is_named(text, change) ? text_rewrite_lines(text, rewrite_plain, (void *)change) : checked_copy(text);
}

static void rewrite_route(struct text *out, const char *line, size_t length, void *context)
{
    if (readdress_line_is_comment(line, length))
        text_append_bytes(out, line, length);
    else
        readdress_line(out, line, length, context, false, true);
}

char *readdress_routes(const char *text, const struct readdress *change)
{
    return text_rewrite_lines(text, rewrite_route, (void *)change);
}

/* The first word of a line, and where what follows it begins. */
static size_t word_at(const char *line, size_t length, const char **word, const char **rest)
{
    const char *end = line + length, *at = line;
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    *word = at;
    while (at < end && *at != ' ' && *at != '\t')
        at++;
    size_t word_length = (size_t)(at - *word);
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    *rest = at;
    return word_length;
}

static bool word_is(const char *word, size_t length, const char *is)
{
    return length == strlen(is) && strncmp(word, is, length) == 0;
}

static bool opens_stanza(const char *word, size_t length)
{
    static const char *const words[] = {"iface", "mapping", "auto", "source", "source-directory", "template"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (word_is(word, length, words[i]))
            return true;
    return length > 6 && strncmp(word, "allow-", 6) == 0;
}

/* Whether the stanza that begins with this line has the old address. */
static bool stanza_has(const char *stanza, const char *address)
{
    const char *line, *word, *rest;
    bool first = true;
    for (size_t length; next_line(&stanza, &line, &length); first = false) {
        size_t word_length = word_at(line, length, &word, &rest);
        if (!first && opens_stanza(word, word_length))
            return false;
        if (word_is(word, word_length, "address") && readdress_line_names(line, length, address))
            return true;
    }
    return false;
}

struct stanza {
    const struct readdress *change;
    bool inside; /* one that has the address */
};

static void rewrite_interfaces(struct text *out, const char *line, size_t length, void *context)
{
    static const struct {
        const char *word;
        enum derived what;
    } derived[] = {{"netmask", DERIVED_MASK}, {"network", DERIVED_NETWORK}, {"broadcast", DERIVED_BROADCAST}};
    struct stanza *stanza = context;
    const char *word, *rest;
    size_t word_length = word_at(line, length, &word, &rest);
    if (readdress_line_is_comment(line, length)) {
        text_append_bytes(out, line, length);
        return;
    }
    if (opens_stanza(word, word_length))
        stanza->inside = word_is(word, word_length, "iface") && stanza_has(line, stanza->change->old_address);
    for (size_t i = 0; stanza->inside && i < sizeof derived / sizeof *derived; i++)
        if (word_is(word, word_length, derived[i].word)) {
            readdress_line_value(out, line, length, rest, derived[i].what, stanza->change);
            return;
        }
    readdress_line(out, line, length, stanza->change, true, stanza->inside);
}

char *readdress_interfaces(const char *text, const struct readdress *change)
{
    return text_rewrite_lines(text, rewrite_interfaces, &(struct stanza){.change = change});
}

/* "IPADDR1" with the old address has the suffix "1", and so have its PREFIX1 and NETMASK1. */
struct ifcfg {
    const struct readdress *change;
    char suffix[32];
    bool has_mask;
};

static size_t key_length(const char *line, size_t length)
{
    const char *equals = memchr(line, '=', length);
    return equals ? (size_t)(equals - line) : 0;
}

static bool find_suffix(const char *text, struct ifcfg *ifcfg)
{
    const char *line;
    for (size_t length; next_line(&text, &line, &length);) {
        size_t key = key_length(line, length);
        if (key < 6 || key - 6 >= sizeof ifcfg->suffix || strncmp(line, "IPADDR", 6) != 0 || !readdress_line_names(line, length, ifcfg->change->old_address))
            continue;
        snprintf(ifcfg->suffix, sizeof ifcfg->suffix, "%.*s", (int)(key - 6), line + 6);
        ifcfg->has_mask = memchr(line, '/', length) != NULL;
        return true;
    }
    return false;
}

static enum derived derived_of(const struct ifcfg *ifcfg, const char *line, size_t key)
{
    static const struct {
        const char *name;
        enum derived what;
    } keys[] = {{"PREFIX", DERIVED_PREFIX}, {"PREFIXLEN", DERIVED_PREFIX}, {"NETMASK", DERIVED_MASK}, {"NETWORK", DERIVED_NETWORK}, {"BROADCAST", DERIVED_BROADCAST}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        cleanup_free char *whole = checked_printf("%s%s", keys[i].name, ifcfg->suffix);
        if (word_is(line, key, whole))
            return keys[i].what;
    }
    return DERIVED_NONE;
}

static void rewrite_ifcfg(struct text *out, const char *line, size_t length, void *context)
{
    struct ifcfg *ifcfg = context;
    size_t key = key_length(line, length);
    enum derived what = key && !readdress_line_is_comment(line, length) ? derived_of(ifcfg, line, key) : DERIVED_NONE;
    ifcfg->has_mask |= what == DERIVED_MASK || what == DERIVED_PREFIX;
    if (what)
        readdress_line_value(out, line, length, line + key + 1, what, ifcfg->change);
    else
        rewrite_plain(out, line, length, (void *)ifcfg->change);
}

/* Where the file said no mask, the address's class did (initscripts), and would be wrong now. */
char *readdress_ifcfg(const char *text, const struct readdress *change)
{
    struct ifcfg ifcfg = {.change = change};
    if (!find_suffix(text, &ifcfg))
        return readdress_plain(text, change);
    cleanup_free char *better = text_rewrite_lines(text, rewrite_ifcfg, &ifcfg);
    size_t length = strlen(better);
    if (ifcfg.has_mask)
        return take_pointer(better);
    return checked_printf("%s%sPREFIX%s=%u\n", better, length && better[length - 1] != '\n' ? "\n" : "", ifcfg.suffix, change->new_prefix);
}

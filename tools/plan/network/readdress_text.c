/* See readdress_text.h. An address is compared by what it means: 2001:db8::7 is 2001:DB8:0::7. */
#include "readdress_text.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "../../base/address.h"
#include "../../base/bytes.h"
#include "../../base/cleanup.h"
#include "../../base/text.h"

#define LETTERS "0123456789abcdefABCDEF.:"

static bool same_address(const char *text, size_t length, const char *address)
{
    struct address a, b;
    return address_parse_bytes(text, length, &a) && address_parse(address, &b) && address_is(&a, &b);
}

static bool is_comment(const char *line, size_t length)
{
    size_t blanks = 0;
    while (blanks < length && (line[blanks] == ' ' || line[blanks] == '\t'))
        blanks++;
    return blanks < length && (line[blanks] == '#' || line[blanks] == ';');
}

/* Up to a comment behind it. */
static size_t length_of_words(const char *line, size_t length)
{
    for (size_t i = 1; i < length; i++)
        if (line[i] == '#' && (line[i - 1] == ' ' || line[i - 1] == '\t'))
            return i;
    return length;
}

/* The length of what may be an address at the start of `at`; 0: nothing that starts there is one. */
static size_t token_length(const char *line, const char *at, const char *end)
{
    size_t length = 0;
    if (at > line && (isalnum((unsigned char)at[-1]) || strchr("._-", at[-1])))
        return 0;
    while (at + length < end && strchr(LETTERS, at[length]))
        length++;
    bool goes_on = at + length < end && (isalnum((unsigned char)at[length]) || strchr("_-", at[length]));
    return goes_on ? 0 : length;
}

/* "/24" after an address, or ";24" in a keyfile of NetworkManager up to 0.9.8: its length; 0: none. */
static size_t prefix_length_at(const char *at, const char *end)
{
    size_t length = 1;
    if (at >= end || (*at != '/' && *at != ';'))
        return 0;
    while (at + length < end && isdigit((unsigned char)at[length]))
        length++;
    bool ends = *at == '/' || (at + length < end && at[length] == ';');
    return length > 1 && ends ? length : 0;
}

static bool line_names(const char *line, size_t length, const char *address)
{
    if (is_comment(line, length))
        return false;
    length = length_of_words(line, length);
    for (const char *at = line; at < line + length; at++) {
        size_t token = token_length(line, at, line + length);
        if (token && same_address(at, token, address))
            return true;
    }
    return false;
}

static bool has_word(const char *line, size_t length, const char *word)
{
    for (size_t i = 0; i + strlen(word) <= length; i++)
        if (strncasecmp(line + i, word, strlen(word)) == 0)
            return true;
    return false;
}

/* Where an address that is the gateway's means the gateway, and not a name server that it is, too. A keyfile has it behind the address. */
static bool names_gateway(const char *line, size_t length, const char *old_address)
{
    static const char *const words[] = {"gateway", "via", "route", "default"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (has_word(line, length, words[i]))
            return true;
    return line_names(line, length, old_address);
}

/* A line with what is to be replaced in it. */
static void replace(struct text *out, const char *line, size_t length, const struct readdress *change, bool address, bool gateway)
{
    size_t words = length_of_words(line, length);
    const char *end = line + words;
    gateway = gateway && change->new_gateway && names_gateway(line, length, change->old_address);
    for (const char *at = line; at < end;) {
        size_t token = token_length(line, at, end);
        if (token && address && same_address(at, token, change->old_address)) {
            size_t prefix = prefix_length_at(at + token, end);
            text_append(out, change->new_address);
            if (prefix)
                text_printf(out, "%c%u", at[token], change->new_prefix);
            at += token + prefix;
        } else if (token && gateway && same_address(at, token, change->old_gateway)) {
            text_append(out, change->new_gateway);
            at += token;
        } else {
            text_append_bytes(out, at, token ? token : 1);
            at += token ? token : 1;
        }
    }
    text_append_bytes(out, end, length - words);
}

bool readdress_is_named(const char *text, const struct readdress *change)
{
    const char *line;
    for (size_t length; next_line(&text, &line, &length);)
        if (line_names(line, length, change->old_address))
            return true;
    return false;
}

static void rewrite_plain(struct text *out, const char *line, size_t length, void *context)
{
    if (is_comment(line, length))
        text_append_bytes(out, line, length);
    else
        replace(out, line, length, context, true, true);
}

char *readdress_plain(const char *text, const struct readdress *change)
{
    return readdress_is_named(text, change) ? text_rewrite_lines(text, rewrite_plain, (void *)change) : checked_copy(text);
}

static void rewrite_route(struct text *out, const char *line, size_t length, void *context)
{
    if (is_comment(line, length))
        text_append_bytes(out, line, length);
    else
        replace(out, line, length, context, false, true);
}

char *readdress_routes(const char *text, const struct readdress *change)
{
    return text_rewrite_lines(text, rewrite_route, (void *)change);
}

static char *dotted(uint32_t address)
{
    char text[INET_ADDRSTRLEN];
    struct in_addr binary = {htonl(address)};
    return checked_copy(inet_ntop(AF_INET, &binary, text, sizeof text));
}

enum derived { DERIVED_NONE, DERIVED_MASK, DERIVED_PREFIX, DERIVED_NETWORK, DERIVED_BROADCAST };

/* What follows from the new address, in the form that the old value has: "255.255.255.0" or "24"; a copy of the old one where that is no address. */
static char *derive(enum derived what, const char *old, const struct readdress *change)
{
    struct address address;
    bool is_dotted = strchr(old, '.') != NULL, is_ipv4 = address_parse(change->new_address, &address) && address.family == AF_INET;
    if (what == DERIVED_PREFIX || (what == DERIVED_MASK && (!is_dotted || !is_ipv4)))
        return checked_printf("%u", change->new_prefix);
    if (!is_dotted || !is_ipv4) /* ifupdown's "broadcast +" */
        return checked_copy(old);
    uint32_t own = get_be32(address.bytes), mask = UINT32_MAX << (32 - change->new_prefix); /* 1 to 32 */
    return dotted(what == DERIVED_MASK ? mask : what == DERIVED_NETWORK ? own & mask : own | ~mask);
}

/* The value of "key value" or "key=value" at `value` becomes the derived one; quotes and what follows stay. */
static void replace_value(struct text *out, const char *line, size_t length, const char *value, enum derived what, const struct readdress *change)
{
    const char *end = line + length;
    value += value < end && strchr("\"'", *value);
    size_t old_length = 0;
    while (value + old_length < end && !strchr(" \t\"'#", value[old_length]))
        old_length++;
    cleanup_free char *old = checked_copy_bytes(value, old_length), *derived = derive(what, old, change);
    text_append_bytes(out, line, (size_t)(value - line));
    text_append(out, *old ? derived : "");
    text_append_bytes(out, value + old_length, (size_t)(end - value) - old_length);
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
        if (word_is(word, word_length, "address") && line_names(line, length, address))
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
    if (is_comment(line, length)) {
        text_append_bytes(out, line, length);
        return;
    }
    if (opens_stanza(word, word_length))
        stanza->inside = word_is(word, word_length, "iface") && stanza_has(line, stanza->change->old_address);
    for (size_t i = 0; stanza->inside && i < sizeof derived / sizeof *derived; i++)
        if (word_is(word, word_length, derived[i].word)) {
            replace_value(out, line, length, rest, derived[i].what, stanza->change);
            return;
        }
    replace(out, line, length, stanza->change, true, stanza->inside);
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
        if (key < 6 || key - 6 >= sizeof ifcfg->suffix || strncmp(line, "IPADDR", 6) != 0 || !line_names(line, length, ifcfg->change->old_address))
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
    enum derived what = key && !is_comment(line, length) ? derived_of(ifcfg, line, key) : DERIVED_NONE;
    ifcfg->has_mask |= what == DERIVED_MASK || what == DERIVED_PREFIX;
    if (what)
        replace_value(out, line, length, line + key + 1, what, ifcfg->change);
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

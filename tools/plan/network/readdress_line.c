/* See readdress_line.h. An address is compared by what it means: 2001:db8::7 is 2001:DB8:0::7. */
#include "readdress_line.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "../../base/address.h"
#include "../../base/bytes.h"
#include "../../base/cleanup.h"

#define LETTERS "0123456789abcdefABCDEF.:"

static bool same_address(const char *text, size_t length, const char *address)
{
    struct address a, b;
    return address_parse_bytes(text, length, &a) && address_parse(address, &b) && address_is(&a, &b);
}

bool readdress_line_is_comment(const char *line, size_t length)
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

bool readdress_line_names(const char *line, size_t length, const char *address)
{
    if (readdress_line_is_comment(line, length))
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
    return readdress_line_names(line, length, old_address);
}

void readdress_line(struct text *out, const char *line, size_t length, const struct readdress *change, bool address, bool gateway)
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

static char *dotted(uint32_t address)
{
    char text[INET_ADDRSTRLEN];
    struct in_addr binary = {htonl(address)};
    return checked_copy(inet_ntop(AF_INET, &binary, text, sizeof text));
}

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

void readdress_line_value(struct text *out, const char *line, size_t length, const char *value, enum derived what, const struct readdress *change)
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

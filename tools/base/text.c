/* See text.h. */
#include "text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void die_without_memory(void)
{
    static const char message[] = "rehost: out of memory\n";
    fwrite(message, 1, sizeof message - 1, stderr);
    abort();
}

void *checked_alloc(size_t size)
{
    void *pointer = calloc(1, size ? size : 1);
    if (!pointer)
        die_without_memory();
    return pointer;
}

void *checked_grow(void *pointer, size_t count, size_t item_size)
{
    void *grown = reallocarray(pointer, count ? count : 1, item_size);
    if (!grown)
        die_without_memory();
    return grown;
}

char *checked_copy_bytes(const void *bytes, size_t length)
{
    char *copy = checked_alloc(length + 1);
    if (length)
        memcpy(copy, bytes, length);
    return copy;
}

char *checked_copy(const char *string)
{
    return string ? checked_copy_bytes(string, strlen(string)) : NULL;
}

char *checked_printf(const char *format, ...)
{
    char *string = NULL;
    va_list args;
    va_start(args, format);
    if (vasprintf(&string, format, args) < 0)
        die_without_memory();
    va_end(args);
    return string;
}

static void text_reserve(struct text *text, size_t more)
{
    if (text->length + more + 1 <= text->capacity)
        return;
    size_t capacity = text->capacity ? text->capacity : 64;
    while (capacity < text->length + more + 1)
        capacity *= 2;
    text->data = checked_grow(text->data, capacity, 1);
    text->capacity = capacity;
}

void text_append_bytes(struct text *text, const void *bytes, size_t length)
{
    text_reserve(text, length);
    if (length)
        memcpy(text->data + text->length, bytes, length);
    text->length += length;
    text->data[text->length] = '\0';
}

void text_append(struct text *text, const char *string)
{
    text_append_bytes(text, string, strlen(string));
}

void text_printf(struct text *text, const char *format, ...)
{
    char *string = NULL;
    va_list args;
    va_start(args, format);
    int length = vasprintf(&string, format, args);
    va_end(args);
    if (length < 0)
        die_without_memory();
    text_append_bytes(text, string, (size_t)length);
    free(string);
}

void text_free(struct text *text)
{
    free(text->data);
    *text = (struct text){0};
}

char *text_take(struct text *text)
{
    text_reserve(text, 0);
    text->data[text->length] = '\0';
    char *string = text->data;
    *text = (struct text){0};
    return string;
}

void strings_add(struct strings *list, const char *string)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 8;
        list->items = checked_grow(list->items, list->capacity, sizeof *list->items);
    }
    list->items[list->count++] = checked_copy(string);
}

bool strings_contain(const struct strings *list, const char *string)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], string) == 0)
            return true;
    return false;
}

void strings_add_new(struct strings *list, const char *string)
{
    if (!strings_contain(list, string))
        strings_add(list, string);
}

static int compare_strings(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void strings_sort(struct strings *list)
{
    if (list->count)
        qsort(list->items, list->count, sizeof *list->items, compare_strings);
}

void strings_free(struct strings *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct strings){0};
}

char *strings_join(const struct strings *list, const char *separator)
{
    struct text text = {0};
    for (size_t i = 0; i < list->count; i++) {
        if (i)
            text_append(&text, separator);
        text_append(&text, list->items[i]);
    }
    return text_take(&text);
}

bool string_is(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

bool string_starts(const char *string, const char *prefix)
{
    return strncmp(string, prefix, strlen(prefix)) == 0;
}

bool string_ends(const char *string, const char *suffix)
{
    size_t length = strlen(string), tail = strlen(suffix);
    return length >= tail && strcmp(string + length - tail, suffix) == 0;
}

char *string_trim(char *string)
{
    while (isspace((unsigned char)*string))
        string++;
    size_t length = strlen(string);
    while (length && isspace((unsigned char)string[length - 1]))
        string[--length] = '\0';
    return string;
}

/* RFC 3629, without the check for surrogates: readers only need well-formed sequences. */
size_t utf8_length(const char *string)
{
    const unsigned char *byte = (const unsigned char *)string;
    size_t length = byte[0] < 0x80 ? 1 : byte[0] < 0xc2 ? 0 : byte[0] < 0xe0 ? 2 : byte[0] < 0xf0 ? 3 : byte[0] < 0xf5 ? 4 : 0;
    for (size_t i = 1; i < length; i++)
        if ((byte[i] & 0xc0) != 0x80)
            return 0;
    return length;
}

/* 0xc2 0x80 to 0xc2 0x9f are the controls C1 of ISO 6429: one of them begins the same sequences as ESC [. */
static bool commands_terminal(const char *at)
{
    unsigned char byte = (unsigned char)*at, next = byte ? (unsigned char)at[1] : 0;
    return !utf8_length(at) || (byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f || (byte == 0xc2 && next < 0xa0);
}

char *string_plain(char *string)
{
    for (char *at = string; *at;) {
        size_t length = utf8_length(at) ? utf8_length(at) : 1;
        if (commands_terminal(at))
            memset(at, '?', length);
        at += length;
    }
    return string;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 : -1;
}

char *string_percent_decode(const char *text, size_t length)
{
    char *decoded = checked_copy_bytes(text, length), *to = decoded;
    for (size_t i = 0; i < length; i++) {
        if (text[i] != '%') {
            *to++ = text[i];
            continue;
        }
        int high = i + 2 < length ? hex_digit(text[i + 1]) : -1, low = high >= 0 ? hex_digit(text[i + 2]) : -1;
        if (low < 0 || high * 16 + low == 0) {
            free(decoded);
            return NULL;
        }
        *to++ = (char)(high * 16 + low);
        i += 2;
    }
    *to = '\0';
    return decoded;
}

char *string_percent_encode(const char *string)
{
    struct text encoded = {0};
    for (; *string; string++)
        text_printf(&encoded, isalnum((unsigned char)*string) || strchr("-._~/", *string) ? "%c" : "%%%02X", (unsigned char)*string);
    return text_take(&encoded);
}

size_t edit_distance(const char *a, const char *b)
{
    size_t row[33];
    size_t a_length = strnlen(a, 32), b_length = strnlen(b, 32);
    for (size_t j = 0; j <= b_length; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t best = diagonal + (tolower((unsigned char)a[i - 1]) != tolower((unsigned char)b[j - 1]));
            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[b_length];
}

bool next_line(const char **cursor, const char **line, size_t *length)
{
    if (!*cursor || !**cursor)
        return false;
    const char *end = strchr(*cursor, '\n');
    *line = *cursor;
    *length = end ? (size_t)(end - *cursor) : strlen(*cursor);
    *cursor = end ? end + 1 : NULL;
    if (*length && (*line)[*length - 1] == '\r')
        --*length;
    return true;
}

char *text_rewrite_lines(const char *text, line_rewriter *rewrite, void *context)
{
    struct text out = {0};
    while (*text) {
        size_t length = strcspn(text, "\n");
        rewrite(&out, text, length, context);
        text += length;
        if (*text)
            text_append_bytes(&out, text++, 1);
    }
    return text_take(&out);
}

char *size_for_people(uint64_t bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB"};
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 1024 && unit + 1 < sizeof units / sizeof *units) {
        value /= 1024;
        unit++;
    }
    return unit ? checked_printf("%.1f %s", value, units[unit]) : checked_printf("%.0f bytes", value);
}

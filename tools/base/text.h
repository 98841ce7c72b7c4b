/* Text that grows, and lists of strings. Running out of memory ends the program: nothing useful can be done then, and
 * the target disk is always in a state from which the next run goes on. */
#ifndef REHOST_BASE_TEXT_H
#define REHOST_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
    char *data; /* NUL-terminated once anything was appended, NULL before */
    size_t length;
    size_t capacity;
};

void text_append(struct text *text, const char *string);
void text_append_bytes(struct text *text, const void *bytes, size_t length);
void text_printf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_free(struct text *text);
/* The string itself, never NULL, now the caller's; the text is empty again. */
char *text_take(struct text *text);

struct strings {
    char **items; /* the strings are owned */
    size_t count;
    size_t capacity;
};

void strings_add(struct strings *list, const char *string);
/* As strings_add, unless the list already has it. */
void strings_add_new(struct strings *list, const char *string);
bool strings_contain(const struct strings *list, const char *string);
void strings_sort(struct strings *list);
void strings_free(struct strings *list);
/* The items with `separator` between them; the caller's. */
char *strings_join(const struct strings *list, const char *separator);

void *checked_alloc(size_t size); /* zeroed */
void *checked_grow(void *pointer, size_t count, size_t item_size);
char *checked_copy(const char *string); /* NULL stays NULL */
char *checked_copy_bytes(const void *bytes, size_t length); /* NUL-terminated */
char *checked_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

bool string_is(const char *a, const char *b); /* equal, and neither NULL */
bool string_starts(const char *string, const char *prefix);
bool string_ends(const char *string, const char *suffix);
/* Cuts blanks off both ends, in place; returns the first that is left. */
char *string_trim(char *string);
/* The length of the UTF-8 sequence that starts here, at least 1; 0 when it is none. */
size_t utf8_length(const char *string);
/* Puts '?', in place, for all that would command a terminal and not be shown by it: the words of a guest and of its programs are. Line ends
 * and tabs stay. Returns `string`. */
char *string_plain(char *string);
/* The text with %XX resolved, the caller's; NULL when an escape is broken or hides a NUL. */
char *string_percent_decode(const char *text, size_t length);
/* The other way, for a path; the caller's. */
char *string_percent_encode(const char *text);
/* How many letters have to be changed, added or dropped to make one word of the other, whatever their case; of the first
 * 32 letters. For "the nearest is". */
size_t edit_distance(const char *a, const char *b);

/* Walks the lines of a text without changing it: line ends are not part of the line. `*cursor` starts at the text and
 * is NULL after the last line. Returns false when there is none left. */
bool next_line(const char **cursor, const char **line, size_t *length);

/* Rewrites a text line by line; the caller's. `rewrite` appends what stands in a line's place; line ends stay as they are. */
typedef void line_rewriter(struct text *out, const char *line, size_t length, void *context);
char *text_rewrite_lines(const char *text, line_rewriter *rewrite, void *context);

/* "1.2 GiB"; the caller's. */
char *size_for_people(uint64_t bytes);

static inline void cleanup_free_text(struct text *text)
{
    text_free(text);
}
static inline void cleanup_free_strings(struct strings *list)
{
    strings_free(list);
}
#define cleanup_text    __attribute__((cleanup(cleanup_free_text)))
#define cleanup_strings __attribute__((cleanup(cleanup_free_strings)))

#endif

/* See diff.h. The longest common subsequence, as the changed middle of a configuration file is small. */
#include "diff.h"

#include <string.h>

#include "../base/cleanup.h"
#include "../base/text.h"

#define TABLE_MAX 4000000 /* cells: beyond it everything in the middle counts as replaced */

struct lines {
    struct strings list;
    size_t start, end; /* what is left between the common head and tail */
};

static void split(const char *text, struct lines *lines)
{
    const char *line;
    size_t length;
    while (text && next_line(&text, &line, &length)) {
        cleanup_free char *copy = checked_copy_bytes(line, length);
        strings_add(&lines->list, copy);
    }
    lines->end = lines->list.count;
}

static bool same(const struct lines *a, size_t i, const struct lines *b, size_t j)
{
    return strcmp(a->list.items[i], b->list.items[j]) == 0;
}

static void cut_common(struct lines *a, struct lines *b)
{
    while (a->start < a->end && b->start < b->end && same(a, a->start, b, b->start))
        a->start++, b->start++;
    while (a->end > a->start && b->end > b->start && same(a, a->end - 1, b, b->end - 1))
        a->end--, b->end--;
}

/* common[i][j]: the length of the longest common subsequence of what follows a's line i and b's line j. */
static unsigned *common_lengths(const struct lines *a, const struct lines *b)
{
    size_t rows = a->end - a->start + 1, columns = b->end - b->start + 1;
    if (rows * columns > TABLE_MAX)
        return NULL;
    unsigned *common = checked_alloc(rows * columns * sizeof *common);
    for (size_t i = rows - 1; i-- > 0;)
        for (size_t j = columns - 1; j-- > 0;) {
            unsigned down = common[(i + 1) * columns + j], right = common[i * columns + j + 1];
            common[i * columns + j] = same(a, a->start + i, b, b->start + j) ? common[(i + 1) * columns + j + 1] + 1 : down > right ? down : right;
        }
    return common;
}

char *text_diff(const char *before, const char *after)
{
    struct lines a = {0}, b = {0};
    struct text out = {0};
    split(before, &a);
    split(after, &b);
    cut_common(&a, &b);
    cleanup_free unsigned *common = common_lengths(&a, &b);
    size_t columns = b.end - b.start + 1;
    bool open = false;
    for (size_t i = a.start, j = b.start; i < a.end || j < b.end;) {
        if (common && i < a.end && j < b.end && same(&a, i, &b, j)) {
            i++, j++;
            open = false;
            continue;
        }
        if (!open)
            text_printf(&out, "@@ -%zu +%zu @@\n", i + 1, j + 1);
        open = true;
        bool removal = j == b.end || (i < a.end && (!common || common[(i + 1 - a.start) * columns + j - b.start] >= common[(i - a.start) * columns + j + 1 - b.start]));
        if (removal)
            text_printf(&out, "-%s\n", a.list.items[i++]);
        else
            text_printf(&out, "+%s\n", b.list.items[j++]);
    }
    strings_free(&a.list);
    strings_free(&b.list);
    return text_take(&out);
}

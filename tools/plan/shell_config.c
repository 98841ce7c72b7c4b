/* See shell_config.h. */
#include "shell_config.h"

#include <string.h>

#include "../base/cleanup.h"

#define BLOCK_START "# added by rehost: drivers of the disk that this server was moved to, and of other common machines\n"
#define BLOCK_END "# end of what rehost added\n"
#define BETWEEN_WORDS " \t\r\n,\"'()"

/* 0 when the line does not set `name`; otherwise where its value starts. */
static size_t value_start(const char *line, size_t length, const char *name)
{
    size_t at = 0, name_length = strlen(name);
    while (at < length && (line[at] == ' ' || line[at] == '\t'))
        at++;
    if (length - at > 7 && strncmp(line + at, "export ", 7) == 0)
        at += 7;
    bool is = length - at > name_length && strncmp(line + at, name, name_length) == 0 && line[at + name_length] == '=';
    return is ? at + name_length + 1 : 0;
}

char *shell_setting(const char *text, const char *name)
{
    const char *line;
    size_t length;
    char *value = NULL;
    while (next_line(&text, &line, &length)) {
        size_t start = value_start(line, length, name);
        if (!start)
            continue;
        char quote = start < length && (line[start] == '"' || line[start] == '\'') ? line[start] : 0;
        const char *from = line + start + (quote != 0), *to = from;
        while (to < line + length && (quote ? *to != quote : !strchr(" \t#;", *to)))
            to++;
        free(value);
        value = checked_copy_bytes(from, (size_t)(to - from));
    }
    return value;
}

char *shell_setting_replace(const char *text, const char *name, const char *value)
{
    struct text out = {0};
    const char *line;
    size_t length;
    while (next_line(&text, &line, &length)) {
        size_t start = value_start(line, length, name);
        text_append_bytes(&out, line, start ? start : length);
        if (start)
            text_append(&out, value);
        text_append(&out, "\n");
    }
    return text_take(&out);
}

static bool word_is_module(const char *word, size_t length, const char *module)
{
    size_t i = 0;
    for (; i < length && module[i]; i++)
        if (word[i] != module[i] && !(word[i] == '-' && module[i] == '_'))
            return false;
    return i == length && !module[i];
}

bool words_name_module(const char *words, const char *module)
{
    while (*(words += strspn(words, BETWEEN_WORDS))) {
        size_t length = strcspn(words, BETWEEN_WORDS);
        if (word_is_module(words, length, module))
            return true;
        words += length;
    }
    return false;
}

char *words_with_modules(const char *words, const struct strings *modules, const char *separator)
{
    struct text out = {0};
    text_append(&out, words);
    for (size_t i = 0; i < modules->count; i++)
        if (!words_name_module(words, modules->items[i]))
            text_printf(&out, "%s%s", out.length ? separator : "", modules->items[i]);
    return text_take(&out);
}

static char *without_block(const char *text)
{
    const char *start = strstr(text, BLOCK_START);
    const char *end = start ? strstr(start, BLOCK_END) : NULL;
    if (!end)
        return checked_copy(text);
    struct text out = {0};
    text_append_bytes(&out, text, (size_t)(start - text));
    text_append(&out, end + strlen(BLOCK_END));
    return text_take(&out);
}

char *text_with_block(const char *text, const char *body)
{
    cleanup_free char *own = without_block(text);
    struct text out = {0};
    text_append(&out, own);
    if (!*body)
        return text_take(&out);
    if (out.length && out.data[out.length - 1] != '\n')
        text_append(&out, "\n");
    text_printf(&out, BLOCK_START "%s" BLOCK_END, body);
    return text_take(&out);
}

/* See json.h. */
#include "json.h"

#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "options.h"

static char *as_utf8(const char *string)
{
    char *copy = checked_copy(string);
    for (char *at = copy; *at;) {
        size_t length = utf8_length(at);
        if (!length)
            *at = '?';
        at += length ? length : 1;
    }
    return copy;
}

void json_add_string(cJSON *object, const char *name, const char *value)
{
    if (!value) {
        cJSON_AddNullToObject(object, name);
        return;
    }
    cleanup_free char *copy = as_utf8(value);
    cJSON_AddStringToObject(object, name, copy);
}

void json_add_strings(cJSON *object, const char *name, const struct strings *list)
{
    cJSON *array = cJSON_AddArrayToObject(object, name);
    for (size_t i = 0; i < list->count; i++) {
        cleanup_free char *copy = as_utf8(list->items[i]);
        cJSON_AddItemToArray(array, cJSON_CreateString(copy));
    }
}

void json_add_size(cJSON *object, const char *name, uint64_t value)
{
    cJSON_AddNumberToObject(object, name, (double)value);
}

cJSON *json_append_object(cJSON *array)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddItemToArray(array, object);
    return object;
}

const char *json_string(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

uint64_t json_size(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble < 9e15 ? (uint64_t)item->valuedouble : 0;
}

bool json_flag(const cJSON *object, const char *name)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, name));
}

void json_strings(const cJSON *object, const char *name, struct strings *list)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(object, name))
        if (cJSON_IsString(item))
            strings_add(list, item->valuestring);
}

static int print_and_free(cJSON *document, char *printed)
{
    cJSON_Delete(document);
    int failed = !printed || puts(printed) < 0 || fflush(stdout) != 0;
    cJSON_free(printed);
    return failed ? EXIT_FAILED : EXIT_DONE;
}

int json_print(cJSON *document)
{
    return print_and_free(document, cJSON_Print(document));
}

int json_print_line(cJSON *document)
{
    return print_and_free(document, cJSON_PrintUnformatted(document));
}

/* The few things that every JSON document of ours needs on top of cJSON. */
#ifndef REHOST_BASE_JSON_H
#define REHOST_BASE_JSON_H

#include <cjson/cJSON.h>
#include <stdint.h>

#include "error.h"
#include "text.h"

/* Adds a string member, or null when there is no string. Bytes that are not UTF-8 (a guest's file may hold any) become '?'. */
void json_add_string(cJSON *object, const char *name, const char *value);
void json_add_strings(cJSON *object, const char *name, const struct strings *list);
/* Sizes stand as numbers; a double holds every byte count up to 2^53 exactly. */
void json_add_size(cJSON *object, const char *name, uint64_t value);
/* An empty object as a new member of an array. */
cJSON *json_append_object(cJSON *array);

/* NULL when absent or of another type. */
const char *json_string(const cJSON *object, const char *name);
uint64_t json_size(const cJSON *object, const char *name);
bool json_flag(const cJSON *object, const char *name);
void json_strings(const cJSON *object, const char *name, struct strings *list);

/* Prints the document to stdout, indented, and frees it. Returns an exit status: 1 when stdout could not be written. */
int json_print(cJSON *document);
/* One document on one line. */
int json_print_line(cJSON *document);

static inline void cleanup_delete_json(cJSON **document)
{
    cJSON_Delete(*document);
}
#define cleanup_json __attribute__((cleanup(cleanup_delete_json)))

#endif

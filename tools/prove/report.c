/* The proof as people and programs read it. */
#include <string.h>

#include "../base/cleanup.h"
#include "prove.h"

#define PROOF_VERSION 1

static const char *state_name(enum link_state state)
{
    static const char *const names[] = {[LINK_HOLDS] = "holds", [LINK_BROKEN] = "broken", [LINK_UNKNOWN] = "unknown"};
    return names[state];
}

cJSON *proof_to_json(const struct proof *proof)
{
    cJSON *document = cJSON_CreateObject();
    json_add_size(document, "version", PROOF_VERSION);
    cJSON_AddBoolToObject(document, "holds", proof_holds(proof));
    cJSON *links = cJSON_AddArrayToObject(document, "links");
    for (size_t i = 0; i < proof->count; i++) {
        cJSON *object = json_append_object(links);
        json_add_string(object, "name", proof->links[i].name);
        json_add_string(object, "state", state_name(proof->links[i].state));
        json_add_string(object, "evidence", proof->links[i].evidence);
        json_add_string(object, "way_out", proof->links[i].way_out);
    }
    return document;
}

static const char *verdict(const struct proof *proof)
{
    bool unknown = false;
    if (!proof_holds(proof))
        return "The chain is broken: it would not boot here.\n";
    for (size_t i = 0; i < proof->count; i++)
        unknown |= proof->links[i].state == LINK_UNKNOWN;
    return unknown ? "No link is broken; what is unknown could not be looked at.\n" : "Every link holds: it will boot here.\n";
}

char *proof_to_text(const struct proof *proof)
{
    static const char *const marks[] = {[LINK_HOLDS] = "ok", [LINK_BROKEN] = "BROKEN", [LINK_UNKNOWN] = "?"};
    struct text text = {0};
    for (size_t i = 0; i < proof->count; i++) {
        const struct proof_link *link = &proof->links[i];
        text_printf(&text, "%-16s  %-6s  %s\n", link->name, marks[link->state], link->evidence ? link->evidence : "");
        if (link->way_out)
            text_printf(&text, "%-16s          way out: %s\n", "", link->way_out);
    }
    text_append(&text, verdict(proof));
    return string_plain(text_take(&text));
}

/* The plan as people and as programs read it. rehost-plan(1) describes the JSON document. */
#include <string.h>

#include "../base/cleanup.h"
#include "../base/root.h"
#include "../hardware/wire.h"
#include "diff.h"
#include "planning.h"

static const char *const severity_names[] = {"note", "warning", "blocker"};
static const char *const kind_names[] = {"write", "remove", "run", "install", "activate", "extend"};

static char *diff_of(const struct operation *operation, const struct plan_input *input)
{
    cleanup_free char *before = root_read(input->guest->root_fd, operation->path, ROOT_READ_MAX, NULL);
    return text_diff(before, operation->kind == OPERATION_WRITE ? operation->content : NULL);
}

static void add_guest(cJSON *document, const struct guest *guest)
{
    cJSON *object = cJSON_AddObjectToObject(document, "guest");
    json_add_string(object, "what", guest->what);
    json_add_string(object, "os", guest->system.pretty_name);
    json_add_string(object, "family", guest->system.family);
    json_add_string(object, "hostname", guest->system.hostname);
}

static void add_disk(cJSON *document, const struct hardware_disk *disk)
{
    if (!disk) {
        cJSON_AddNullToObject(document, "disk");
        return;
    }
    cJSON *object = cJSON_AddObjectToObject(document, "disk");
    json_add_string(object, "device", disk->device);
    json_add_string(object, "model", disk->model);
    json_add_string(object, "driver", disk->driver);
    json_add_size(object, "size_bytes", disk->size_bytes);
}

static void add_operation(cJSON *array, const struct operation *operation, const struct plan_input *input)
{
    cJSON *object = json_append_object(array);
    json_add_string(object, "kind", kind_names[operation->kind]);
    json_add_string(object, "step", operation->step);
    json_add_string(object, "why", operation->why);
    if (operation->kind == OPERATION_RUN) {
        json_add_strings(object, "argv", &operation->argv);
        json_add_size(object, "timeout_seconds", operation->timeout_seconds);
        json_add_strings(object, "changes", &operation->changes);
        return;
    }
    if (operation->kind == OPERATION_ACTIVATE) {
        json_add_size(object, "partition", operation->partition);
        return;
    }
    json_add_string(object, "path", operation->path);
    if (operation->kind == OPERATION_INSTALL) {
        json_add_strings(object, "changes", &operation->changes);
        return;
    }
    if (operation->kind == OPERATION_EXTEND) {
        json_add_string(object, "kernel", operation->kernel);
        json_add_strings(object, "drivers", &operation->drivers);
        return;
    }
    cleanup_free char *diff = diff_of(operation, input);
    json_add_string(object, "diff", diff);
    if (operation->kind == OPERATION_WRITE)
        json_add_string(object, "content", operation->content);
}

static void add_nic(cJSON *array, const struct nic_move *move)
{
    cJSON *object = json_append_object(array);
    json_add_string(object, "name", move->guest_nic->name);
    json_add_string(object, "old_mac", move->guest_nic->mac);
    json_add_strings(object, "addresses", &move->guest_nic->addresses);
    json_add_strings(object, "leases", &move->guest_nic->leases);
    json_add_strings(object, "carries", &move->guest_nic->carries);
    json_add_string(object, "new_mac", move->hardware_nic ? move->hardware_nic->mac : NULL);
    json_add_string(object, "by", move->by);
    if (move->why)
        json_add_string(object, "why", move->why);
}

/* What was seen on the wires of this machine's cards; nothing, where none was looked at. */
static void add_cards(cJSON *document, const struct hardware *hardware)
{
    cJSON *cards = NULL;
    for (size_t i = 0; i < hardware->nic_count; i++) {
        if (!hardware->nics[i].listened)
            continue;
        cards = cards ? cards : cJSON_AddArrayToObject(document, "cards");
        cJSON *object = json_append_object(cards);
        json_add_string(object, "mac", hardware->nics[i].mac);
        cJSON_AddBoolToObject(object, "link", hardware->nics[i].link == 1);
        wire_to_json(object, &hardware->nics[i]);
    }
}

cJSON *plan_to_json(const struct plan *plan, const struct plan_input *input)
{
    cJSON *document = cJSON_CreateObject();
    cJSON_AddNumberToObject(document, "version", 1);
    add_guest(document, input->guest);
    add_disk(document, plan->disk);
    cJSON_AddBoolToObject(document, "blocked", plan_is_blocked(plan));
    cJSON *findings = cJSON_AddArrayToObject(document, "findings");
    for (size_t i = 0; i < plan->finding_count; i++) {
        cJSON *object = json_append_object(findings);
        json_add_string(object, "severity", severity_names[plan->findings[i].severity]);
        json_add_string(object, "step", plan->findings[i].step);
        json_add_string(object, "message", plan->findings[i].message);
        json_add_string(object, "way_out", plan->findings[i].way_out);
    }
    cJSON *operations = cJSON_AddArrayToObject(document, "operations");
    for (size_t i = 0; i < plan->operation_count; i++)
        add_operation(operations, &plan->operations[i], input);
    cJSON *nics = cJSON_AddArrayToObject(document, "nics");
    for (size_t i = 0; i < plan->nic_move_count; i++)
        add_nic(nics, &plan->nic_moves[i]);
    add_cards(document, input->hardware);
    return document;
}

static void print_findings(struct text *out, const struct plan *plan)
{
    for (int severity = SEVERITY_BLOCKER; severity >= SEVERITY_NOTE; severity--)
        for (size_t i = 0; i < plan->finding_count; i++) {
            const struct finding *finding = &plan->findings[i];
            if ((int)finding->severity != severity)
                continue;
            text_printf(out, "%s: %s.\n", severity_names[severity], finding->message);
            if (finding->way_out)
                text_printf(out, "    way out: %s\n", finding->way_out);
        }
}

static void print_nics(struct text *out, const struct plan *plan)
{
    if (plan->nic_move_count)
        text_append(out, "network cards:\n");
    for (size_t i = 0; i < plan->nic_move_count; i++) {
        const struct nic_move *move = &plan->nic_moves[i];
        cleanup_free char *addresses = strings_join(&move->guest_nic->addresses, ", ");
        cleanup_free char *carries = strings_join(&move->guest_nic->carries, ", ");
        text_printf(out, "  %s  %s%s%s  %s -> %s%s%s%s%s%s\n", move->guest_nic->name ? move->guest_nic->name : "(no name)", addresses, *addresses && *carries ? ", " : "", carries,
                    move->guest_nic->mac ? move->guest_nic->mac : "any", move->hardware_nic ? move->hardware_nic->mac : "none",
                    move->by ? " (by " : "", move->by ? move->by : "", move->why ? ": " : "", move->why ? move->why : "", move->by ? ")" : "");
    }
}

#define SIGHTS_SHOWN 6 /* of a card; --json has them all */

static void print_cards(struct text *out, const struct hardware *hardware)
{
    for (size_t i = 0; i < hardware->nic_count; i++) {
        const struct hardware_nic *card = &hardware->nics[i];
        if (!card->listened)
            continue;
        text_printf(out, "  on the wire of %s: %s", card->mac, card->sight_count ? "" : card->link == 1 ? "silence" : "no link");
        for (size_t j = 0; j < card->sight_count && j < SIGHTS_SHOWN; j++) {
            cleanup_free char *words = wire_sight_words(&card->sights[j]);
            text_printf(out, "%s%s", j ? ", " : "", words);
        }
        text_append(out, card->sight_count > SIGHTS_SHOWN ? ", ...\n" : "\n");
    }
}

char *operation_words(const struct operation *operation)
{
    const char *verb = kind_names[operation->kind];
    cleanup_free char *command = strings_join(&operation->argv, " ");
    if (operation->kind == OPERATION_ACTIVATE)
        return checked_printf("%s partition %u", verb, operation->partition);
    if (operation->kind == OPERATION_INSTALL)
        return checked_printf("%s extlinux in %s", verb, operation->path);
    return checked_printf("%s %s", verb, operation->kind == OPERATION_RUN ? command : operation->path);
}

static void print_operation(struct text *out, const struct operation *operation)
{
    cleanup_free char *words = operation_words(operation);
    text_printf(out, "  %s\n      %s\n", words, operation->why);
}

char *plan_to_text(const struct plan *plan, const struct plan_input *input)
{
    struct text out = {0};
    const struct guest_system *system = &input->guest->system;
    if (input->guest->root_fd >= 0)
        text_printf(&out, "system: %s%s%s%s\n", system->pretty_name ? system->pretty_name : "not known", system->hostname ? " (" : "",
                    system->hostname ? system->hostname : "", system->hostname ? ")" : "");
    if (plan->disk)
        text_printf(&out, "disk here: %s%s%s\n", plan->disk->device, plan->disk->driver ? ", driven by " : "", plan->disk->driver ? plan->disk->driver : "");
    print_nics(&out, plan);
    print_cards(&out, input->hardware);
    print_findings(&out, plan);
    if (plan->operation_count)
        text_append(&out, plan_is_blocked(plan) ? "what would be changed, were it not for the blockers:\n" : "what will be changed:\n");
    else if (!plan_is_blocked(plan))
        text_append(&out, "nothing has to be changed.\n");
    for (size_t i = 0; i < plan->operation_count; i++)
        print_operation(&out, &plan->operations[i]);
    return string_plain(text_take(&out));
}

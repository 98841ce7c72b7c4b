/* See netplan.h. */
#include "netplan.h"

#include <string.h>
#include <strings.h>
#include <yaml.h>

#define INTERFACES_MAX 1024
#define LIST_MAX 256

struct file {
    yaml_document_t document;
    const char *text;
};

static const char *scalar(const yaml_node_t *node)
{
    bool is_text = node && node->type == YAML_SCALAR_NODE && !memchr(node->data.scalar.value, '\0', node->data.scalar.length);
    return is_text ? (const char *)node->data.scalar.value : NULL;
}

/* The pair of a mapping with that key; NULL when the node is no mapping or has none. */
static const yaml_node_pair_t *pair(struct file *file, const yaml_node_t *mapping, const char *key)
{
    if (!mapping || mapping->type != YAML_MAPPING_NODE)
        return NULL;
    for (const yaml_node_pair_t *at = mapping->data.mapping.pairs.start; at < mapping->data.mapping.pairs.top; at++)
        if (string_is(scalar(yaml_document_get_node(&file->document, at->key)), key))
            return at;
    return NULL;
}

static const yaml_node_t *value(struct file *file, const yaml_node_t *mapping, const char *key)
{
    const yaml_node_pair_t *at = pair(file, mapping, key);
    return at ? yaml_document_get_node(&file->document, at->value) : NULL;
}

/* libyaml counts characters, not bytes. */
static size_t byte_offset(const char *text, size_t characters)
{
    const char *at = text;
    for (; *at && characters; characters--)
        do
            at++;
        while (((unsigned char)*at & 0xc0) == 0x80);
    return (size_t)(at - text);
}

static struct netplan_place place(const struct file *file, const yaml_node_t *first, const yaml_node_t *last)
{
    return (struct netplan_place){byte_offset(file->text, first->start_mark.index), byte_offset(file->text, last->end_mark.index)};
}

static bool is_true(const char *word)
{
    return word && (strcasecmp(word, "true") == 0 || strcasecmp(word, "yes") == 0 || strcasecmp(word, "on") == 0 || strcasecmp(word, "y") == 0);
}

/* An address may have options below it: `- 10.0.0.1/24: {label: x}`. */
static void take_list(struct file *file, const yaml_node_t *list, struct strings *into)
{
    if (!list || list->type != YAML_SEQUENCE_NODE)
        return;
    for (const yaml_node_item_t *at = list->data.sequence.items.start; at < list->data.sequence.items.top && into->count < LIST_MAX; at++) {
        const yaml_node_t *item = yaml_document_get_node(&file->document, *at);
        bool has_options = item && item->type == YAML_MAPPING_NODE && item->data.mapping.pairs.start < item->data.mapping.pairs.top;
        const char *text = scalar(has_options ? yaml_document_get_node(&file->document, item->data.mapping.pairs.start->key) : item);
        if (text)
            strings_add_new(into, text);
    }
}

static const char *default_gateway(struct file *file, const yaml_node_t *definition)
{
    const char *old = scalar(value(file, definition, "gateway4"));
    const yaml_node_t *routes = value(file, definition, "routes");
    if (old || !routes || routes->type != YAML_SEQUENCE_NODE)
        return old;
    for (const yaml_node_item_t *at = routes->data.sequence.items.start; at < routes->data.sequence.items.top; at++) {
        const yaml_node_t *route = yaml_document_get_node(&file->document, *at);
        const char *to = scalar(value(file, route, "to"));
        if (string_is(to, "default") || string_is(to, "0.0.0.0/0"))
            return scalar(value(file, route, "via"));
    }
    return NULL;
}

static void take_match(struct file *file, const yaml_node_t *match, struct netplan_interface *interface)
{
    const yaml_node_t *mac = value(file, match, "macaddress");
    const yaml_node_pair_t *driver = pair(file, match, "driver");
    interface->has_match = match != NULL;
    interface->match_mac = scalar(mac);
    interface->match_name = scalar(value(file, match, "name"));
    if (interface->match_mac)
        interface->match_mac_value = place(file, mac, mac);
    if (!driver)
        return;
    const yaml_node_t *key = yaml_document_get_node(&file->document, driver->key), *drivers = yaml_document_get_node(&file->document, driver->value);
    interface->match_driver = scalar(drivers);
    if (interface->match_driver) /* a list of drivers is left as it is */
        interface->match_driver_pair = place(file, key, drivers);
}

static void tell(struct file *file, const char *kind, const yaml_node_pair_t *at, netplan_told *told, void *context)
{
    const yaml_node_t *definition = yaml_document_get_node(&file->document, at->value);
    struct netplan_interface interface = {.kind = kind, .id = scalar(yaml_document_get_node(&file->document, at->key))};
    if (!interface.id || !definition || definition->type != YAML_MAPPING_NODE)
        return;
    take_match(file, value(file, definition, "match"), &interface);
    interface.set_name = scalar(value(file, definition, "set-name"));
    interface.sets_mac = scalar(value(file, definition, "macaddress"));
    interface.link = scalar(value(file, definition, "link"));
    interface.vlan = scalar(value(file, definition, "id"));
    interface.gateway = default_gateway(file, definition);
    take_list(file, value(file, definition, "addresses"), &interface.addresses);
    take_list(file, value(file, definition, "interfaces"), &interface.ports);
    if (is_true(scalar(value(file, definition, "dhcp4"))))
        strings_add_new(&interface.addresses, "dhcp");
    if (is_true(scalar(value(file, definition, "dhcp6"))))
        strings_add_new(&interface.addresses, "dhcp6");
    told(context, &interface);
    strings_free(&interface.addresses);
    strings_free(&interface.ports);
}

static void tell_all(struct file *file, netplan_told *told, void *context)
{
    static const char *const kinds[] = {"ethernets", "bonds", "bridges", "vlans", "vrfs", "dummy-devices"};
    const yaml_node_t *network = value(file, yaml_document_get_root_node(&file->document), "network");
    unsigned count = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const yaml_node_t *definitions = value(file, network, kinds[i]);
        if (!definitions || definitions->type != YAML_MAPPING_NODE)
            continue;
        const yaml_node_pair_t *at = definitions->data.mapping.pairs.start;
        for (; at < definitions->data.mapping.pairs.top && count < INTERFACES_MAX; at++, count++)
            tell(file, kinds[i], at, told, context);
    }
}

int netplan_parse(const char *text, netplan_told *told, void *context)
{
    struct file file = {.text = text};
    yaml_parser_t parser;
    if (strncmp(text, "\xef\xbb\xbf", 3) == 0 || !yaml_parser_initialize(&parser)) /* a byte order mark: places would be off by it */
        return -1;
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, strlen(text));
    int loaded = yaml_parser_load(&parser, &file.document);
    if (loaded) {
        tell_all(&file, told, context);
        yaml_document_delete(&file.document);
    }
    yaml_parser_delete(&parser);
    return loaded ? 0 : -1;
}

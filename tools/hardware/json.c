/* The hardware document: what `rehost hardware --json` writes and `--hardware FILE` reads. Described in rehost-hardware(1). */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "../base/cleanup.h"
#include "../base/read.h"
#include "wire.h"

#define HARDWARE_VERSION 1
#define DOCUMENT_MAX (1u << 20)

static void disk_to_json(cJSON *object, const struct hardware_disk *disk)
{
    json_add_string(object, "name", disk->name);
    json_add_string(object, "device", disk->device);
    json_add_string(object, "model", disk->model);
    json_add_string(object, "serial", disk->serial);
    json_add_string(object, "driver", disk->driver);
    json_add_size(object, "size_bytes", disk->size_bytes);
    json_add_size(object, "sector_bytes", disk->sector_bytes);
    cJSON_AddBoolToObject(object, "read_only", disk->read_only);
    cJSON_AddBoolToObject(object, "removable", disk->removable);
    cJSON_AddBoolToObject(object, "medium", disk->medium);
    json_add_strings(object, "modaliases", &disk->modaliases);
}

void wire_to_json(cJSON *object, const struct hardware_nic *nic)
{
    cJSON *wire = cJSON_AddArrayToObject(object, "wire");
    for (size_t i = 0; i < nic->sight_count; i++) {
        cJSON *sight = json_append_object(wire);
        json_add_string(sight, "seen", wire_kind_name(nic->sights[i].kind));
        json_add_string(sight, "address", *nic->sights[i].address ? nic->sights[i].address : NULL);
        json_add_size(sight, "vlan", nic->sights[i].vlan);
    }
}

static void nic_to_json(cJSON *object, const struct hardware_nic *nic)
{
    json_add_string(object, "name", nic->name);
    json_add_string(object, "mac", nic->mac);
    json_add_string(object, "driver", nic->driver);
    if (nic->link < 0)
        cJSON_AddNullToObject(object, "link");
    else
        cJSON_AddBoolToObject(object, "link", nic->link);
    json_add_strings(object, "modaliases", &nic->modaliases);
    if (nic->listened)
        wire_to_json(object, nic);
}

cJSON *hardware_to_json(const struct hardware *hardware)
{
    cJSON *document = cJSON_CreateObject();
    json_add_size(document, "version", HARDWARE_VERSION);
    json_add_string(document, "firmware", firmware_name(hardware->firmware));
    cJSON_AddBoolToObject(document, "secure_boot", hardware->secure_boot);
    json_add_string(document, "machine", hardware->machine);
    json_add_string(document, "vendor", hardware->vendor);
    json_add_string(document, "product", hardware->product);
    json_add_size(document, "memory_bytes", hardware->memory_bytes);
    cJSON *disks = cJSON_AddArrayToObject(document, "disks");
    for (size_t i = 0; i < hardware->disk_count; i++)
        disk_to_json(json_append_object(disks), &hardware->disks[i]);
    cJSON *nics = cJSON_AddArrayToObject(document, "nics");
    for (size_t i = 0; i < hardware->nic_count; i++)
        nic_to_json(json_append_object(nics), &hardware->nics[i]);
    return document;
}

static void disk_from_json(const cJSON *object, struct hardware_disk *disk)
{
    disk->name = checked_copy(json_string(object, "name"));
    disk->device = checked_copy(json_string(object, "device"));
    disk->model = checked_copy(json_string(object, "model"));
    disk->serial = checked_copy(json_string(object, "serial"));
    disk->driver = checked_copy(json_string(object, "driver"));
    disk->size_bytes = json_size(object, "size_bytes");
    disk->sector_bytes = (uint32_t)json_size(object, "sector_bytes");
    disk->read_only = json_flag(object, "read_only");
    disk->removable = json_flag(object, "removable");
    disk->medium = json_flag(object, "medium");
    json_strings(object, "modaliases", &disk->modaliases);
}

static void wire_from_json(const cJSON *wire, struct hardware_nic *nic)
{
    const cJSON *item;
    nic->listened = cJSON_IsArray(wire);
    cJSON_ArrayForEach(item, wire)
    {
        struct wire_sight sight = {.kind = WIRE_SPOKE, .vlan = (unsigned)json_size(item, "vlan")};
        while (sight.kind < WIRE_KINDS && !string_is(json_string(item, "seen"), wire_kind_name(sight.kind)))
            sight.kind++;
        const char *address = json_string(item, "address");
        snprintf(sight.address, sizeof sight.address, "%s", address ? address : "");
        if (sight.kind < WIRE_KINDS)
            wire_add_sight(nic, &sight);
    }
}

static void nic_from_json(const cJSON *object, struct hardware_nic *nic)
{
    const cJSON *link = cJSON_GetObjectItemCaseSensitive(object, "link");
    nic->name = checked_copy(json_string(object, "name"));
    nic->mac = checked_copy(json_string(object, "mac"));
    nic->driver = checked_copy(json_string(object, "driver"));
    nic->link = cJSON_IsBool(link) ? cJSON_IsTrue(link) : -1;
    json_strings(object, "modaliases", &nic->modaliases);
    wire_from_json(cJSON_GetObjectItemCaseSensitive(object, "wire"), nic);
}

static void lists_from_json(const cJSON *document, struct hardware *hardware)
{
    const cJSON *disks = cJSON_GetObjectItemCaseSensitive(document, "disks"), *nics = cJSON_GetObjectItemCaseSensitive(document, "nics");
    const cJSON *item;
    hardware->disks = checked_alloc(((size_t)cJSON_GetArraySize(disks) + 1) * sizeof *hardware->disks);
    cJSON_ArrayForEach(item, disks) disk_from_json(item, &hardware->disks[hardware->disk_count++]);
    hardware->nics = checked_alloc(((size_t)cJSON_GetArraySize(nics) + 1) * sizeof *hardware->nics);
    cJSON_ArrayForEach(item, nics) nic_from_json(item, &hardware->nics[hardware->nic_count++]);
}

/* What the rest of the program relies on: names that are there, and a firmware that we know. */
static int check(const struct hardware *hardware, const char *firmware, struct error *err)
{
    if (!string_is(firmware, "BIOS") && !string_is(firmware, "UEFI"))
        return error_set(err, "\"firmware\" must be \"BIOS\" or \"UEFI\"");
    for (size_t i = 0; i < hardware->disk_count; i++)
        if (!hardware->disks[i].name || !hardware->disks[i].device)
            return error_set(err, "disk %zu has no \"name\" or no \"device\"", i + 1);
    for (size_t i = 0; i < hardware->nic_count; i++)
        if (!hardware->nics[i].name || !hardware->nics[i].mac)
            return error_set(err, "network card %zu has no \"name\" or no \"mac\"", i + 1);
    return 0;
}

static int from_json(const cJSON *document, struct hardware *hardware, struct error *err)
{
    if (json_size(document, "version") != HARDWARE_VERSION)
        return error_set(err, "it is no hardware document of version %d", HARDWARE_VERSION);
    const char *firmware = json_string(document, "firmware");
    hardware->firmware = string_is(firmware, "UEFI") ? FIRMWARE_UEFI : FIRMWARE_BIOS;
    hardware->secure_boot = json_flag(document, "secure_boot");
    hardware->machine = checked_copy(json_string(document, "machine"));
    hardware->vendor = checked_copy(json_string(document, "vendor"));
    hardware->product = checked_copy(json_string(document, "product"));
    hardware->memory_bytes = json_size(document, "memory_bytes");
    lists_from_json(document, hardware);
    return check(hardware, firmware, err);
}

/* The user's own file: not below a guest's root, so its links may lead anywhere, and it may be a pipe: --hardware <(ssh HOST rehost hardware --json). */
static char *read_file(const char *file)
{
    cleanup_close int fd = open(file, O_RDONLY | O_CLOEXEC);
    cleanup_free char *text = checked_alloc(DOCUMENT_MAX + 1);
    return fd < 0 || read_at_least(fd, text, DOCUMENT_MAX, DOCUMENT_MAX) < 0 ? NULL : take_pointer(text);
}

int hardware_load(const char *file, struct hardware *hardware, struct error *err)
{
    *hardware = (struct hardware){0};
    cleanup_free char *text = read_file(file);
    if (!text)
        return error_errno(err, "read the hardware file %s", file);
    cleanup_json cJSON *document = cJSON_Parse(text);
    int result = document ? from_json(document, hardware, err) : error_set(err, "it is no JSON");
    if (result < 0) {
        hardware_free(hardware);
        error_prefix(err, "read the hardware file %s", file);
        return error_advise(err, "write it with `rehost hardware --json` on the machine that it stands for");
    }
    return 0;
}

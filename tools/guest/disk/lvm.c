/* Volume groups, by lvm2 itself. A group is told by its UUID: names may be there twice. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../../base/cleanup.h"
#include "lvm_report.h"
#include "volumes.h"

/* Nobody watches the guest's volumes, and nothing of them starts by itself. */
#define ACTIVATION "global{use_lvmpolld=0 event_activation=0} activation{udev_sync=0 udev_rules=0 monitoring=0 %s}"

/* The physical volumes that are looked into together. */
struct physicals {
    struct strings devices; /* as lvm2 sees them */
    struct partition **containers;
};

struct group {
    const char *uuid, *name;
    const struct physicals *physicals;
    struct partition together; /* what all of its physical volumes need */
};

static void stay_closed(const struct physicals *physicals, const char *why)
{
    for (size_t i = 0; i < physicals->devices.count; i++)
        volume_stays_closed(physicals->containers[i], why);
}

/* Names go into lvm2's settings and into paths: only what lvm(8) allows in them. */
static bool is_name(const char *name)
{
    return name && volume_name_is_harmless(name) && *name != '-' && !string_is(name, ".") && !string_is(name, "..");
}

static bool is_node(const char *path)
{
    struct stat st;
    return path && stat(path, &st) == 0 && S_ISBLK(st.st_mode);
}

static bool is_of(const cJSON *row, const struct group *group)
{
    return string_is(json_string(row, "vg_uuid"), group->uuid);
}

/* A snapshot holds the same system again; pools hold no file system. */
static bool is_plain(const cJSON *row)
{
    const char *origin = json_string(row, "origin"), *attributes = json_string(row, "lv_attr");
    return is_name(json_string(row, "lv_name")) && attributes && !strchr("tsSevdD", attributes[0]) && (!origin || !*origin);
}

/* What lvm2 calls the targets of the device-mapper, and their modules. Linear and striped volumes need dm_mod alone. */
static void add_drivers(const char *targets, struct strings *drivers)
{
    static const char *const modules[][2] = {{"thin", "dm_thin_pool"}, {"raid", "dm_raid"}, {"snapshot", "dm_snapshot"}, {"mirror", "dm_mirror"},
                                             {"cache", "dm_cache"},    {"vdo", "dm_vdo"},   {"integrity", "dm_integrity"}};
    strings_add_new(drivers, "dm_mod");
    for (size_t i = 0; targets && i < sizeof modules / sizeof *modules; i++)
        if (strstr(targets, modules[i][0]))
            strings_add_new(drivers, modules[i][1]);
}

static void append_plain_uuid(struct text *out, const char *uuid)
{
    for (; *uuid; uuid++)
        if (*uuid != '-')
            text_append_bytes(out, uuid, 1);
}

/* Its links by udev: Ubuntu's installer writes the one by UUID into fstab, and none of a volume's other names. */
static void add_links(const struct group *group, const cJSON *row, const char *device, struct strings *names)
{
    const char *uuid = json_string(row, "lv_uuid"), *name = strrchr(device, '/') + 1;
    cleanup_free char *by_name = checked_printf("/dev/disk/by-id/dm-name-%s", name);
    cleanup_text struct text by_uuid = {0};
    strings_add(names, by_name);
    if (!uuid)
        return;
    text_append(&by_uuid, "/dev/disk/by-id/dm-uuid-LVM-");
    append_plain_uuid(&by_uuid, group->uuid);
    append_plain_uuid(&by_uuid, uuid);
    strings_add(names, by_uuid.data);
}

static void add_volume(struct guest *guest, const struct group *group, const cJSON *row)
{
    const char *device = json_string(row, "lv_dm_path"), *path = json_string(row, "lv_path");
    if (!is_node(device)) {
        cleanup_free char *note = checked_printf("the logical volume %s/%s cannot be opened: part of it may lie on another disk", group->name,
                                                 json_string(row, "lv_name"));
        strings_add(&guest->notes, note);
        return;
    }
    struct partition *volume = volume_add(guest, device, LAYER_LVM, &group->together);
    if (!volume)
        return;
    strings_add(&volume->names, device);
    if (path && *path)
        strings_add(&volume->names, path);
    add_links(group, row, device, &volume->names);
    add_drivers(json_string(row, "lv_modules"), &volume->drivers);
    volume_probe(guest, volume);
}

/* Its own names are taken already: by a group that was opened before, or by one that this machine works with. */
static bool is_in_the_way(const struct group *group, const cJSON *rows)
{
    const cJSON *row;
    cJSON_ArrayForEach(row, rows)
        if (is_of(row, group) && is_node(json_string(row, "lv_dm_path")))
            return true;
    return false;
}

static bool any_is_read_only(const struct strings *devices)
{
    bool any = false;
    for (size_t i = 0; i < devices->count; i++)
        any |= device_is_read_only(devices->items[i]);
    return any;
}

/* A thin pool is not started at all without a way to write. */
static int activate(struct guest *guest, const struct group *group, const cJSON *rows, struct error *err)
{
    cleanup_free char *read_only = any_is_read_only(&group->physicals->devices) ? checked_printf("read_only_volume_list=[\"%s\"]", group->name) : checked_copy("");
    cleanup_free char *settings = checked_printf(ACTIVATION, read_only);
    cleanup_free char *config = lvm_config(&group->physicals->devices, settings);
    cleanup_free char *select = checked_printf("vg_uuid=%s", group->uuid);
    cleanup_strings struct strings devices = {0};
    struct error said = {0};
    const cJSON *row;
    cJSON_ArrayForEach(row, rows)
        if (is_of(row, group) && is_plain(row))
            strings_add(&devices, json_string(row, "lv_dm_path"));
    volume_undo_by(guest, (const char *const[]){"lvm", "vgchange", "-an", "--config", config, "--select", select, NULL}, &devices);
    if (volume_run((const char *const[]){"lvm", "vgchange", "-ay", "--config", config, "--select", select, NULL}, -1, NULL, NULL, &said) == 0)
        return volume_run((const char *const[]){"lvm", "vgmknodes", "--config", config, NULL}, -1, NULL, NULL, err);
    for (size_t i = 0; i < devices.count; i++)
        if (is_node(devices.items[i]))
            return 0; /* some of it lies on another disk: the rest is here */
    return error_set(err, "%s", said.message);
}

/* NULL; or why not, the caller's. */
static char *open_group(struct guest *guest, const struct group *group, const cJSON *rows)
{
    struct error err = {0};
    const cJSON *row;
    if (is_in_the_way(group, rows))
        return checked_printf("a volume group called %s is at work already, and both cannot be", group->name);
    if (activate(guest, group, rows, &err) < 0)
        return checked_printf("lvm2 does not open the volume group %s: %s", group->name, string_trim(err.message));
    cJSON_ArrayForEach(row, rows)
        if (is_of(row, group) && is_plain(row))
            add_volume(guest, group, row);
    return NULL;
}

/* False: it is none. */
static bool take_group(const cJSON *row, const struct physicals *physicals, struct group *group)
{
    *group = (struct group){.uuid = json_string(row, "vg_uuid"), .name = json_string(row, "vg_name"), .physicals = physicals};
    return group->uuid && is_name(group->name) && strspn(group->uuid, "-ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") == strlen(group->uuid);
}

static const cJSON *row_of(const cJSON *physical_rows, const char *device)
{
    const cJSON *row;
    cJSON_ArrayForEach(row, physical_rows)
        if (string_is(json_string(row, "pv_name"), device))
            return row;
    return NULL;
}

/* The container that this row of the physical volumes is about, when it is one of the group's. */
static struct partition *container_of(const cJSON *row, const struct group *group)
{
    const struct strings *devices = &group->physicals->devices;
    for (size_t i = 0; i < devices->count; i++)
        if (is_of(row, group) && string_is(json_string(row, "pv_name"), devices->items[i]))
            return group->physicals->containers[i];
    return NULL;
}

static void look_into_group(struct guest *guest, struct group *group, const cJSON *physical_rows, const cJSON *rows)
{
    const cJSON *row;
    struct partition *container;
    cJSON_ArrayForEach(row, physical_rows)
        if ((container = container_of(row, group)))
            volume_needs_as(&group->together, container);
    cleanup_free char *why = open_group(guest, group, rows);
    cJSON_ArrayForEach(row, physical_rows)
        if ((container = container_of(row, group))) {
            container->opened = !why;
            volume_stays_closed(container, why);
        }
    strings_free(&group->together.drivers);
}

/* In the order of the disks: of two groups with one name that of the disk that the server boots from is opened. */
static void open_groups(struct guest *guest, const struct physicals *physicals)
{
    struct error err = {0};
    cleanup_json cJSON *of_physicals = NULL, *of_logicals = NULL;
    cleanup_free char *config = lvm_config(&physicals->devices, "");
    const cJSON *physical_rows = lvm_ask(config, "pvs", NULL, "pv", "pv_name,vg_uuid,vg_name", &of_physicals, &err);
    const char *fields = "vg_uuid,lv_uuid,lv_name,lv_dm_path,lv_path,lv_attr,origin,lv_modules";
    const cJSON *rows = physical_rows ? lvm_ask(config, "lvs", NULL, "lv", fields, &of_logicals, &err) : NULL;
    if (!rows) {
        stay_closed(physicals, string_trim(err.message));
        return;
    }
    for (size_t i = 0; i < physicals->devices.count; i++) {
        const struct partition *container = physicals->containers[i];
        struct group group;
        if (!container->opened && !container->closed && take_group(row_of(physical_rows, physicals->devices.items[i]), physicals, &group))
            look_into_group(guest, &group, physical_rows, rows);
    }
    stay_closed(physicals, "no volume group is on it");
}

void lvm_open(struct guest *guest, enum guest_access access)
{
    struct error err = {0};
    struct physicals physicals = {0};
    struct partition *part;
    for (size_t cursor = 0; (part = volume_next_container(guest, "LVM2_member", &cursor));) {
        const char *device = volume_container(guest, part, access, &err);
        if (!device) {
            volume_stays_closed(part, err.message);
            continue;
        }
        physicals.containers = checked_grow(physicals.containers, physicals.devices.count + 1, sizeof *physicals.containers);
        physicals.containers[physicals.devices.count] = part;
        strings_add(&physicals.devices, device);
    }
    if (physicals.devices.count && volume_mapper_ready((const char *const[]){"dm_mod", NULL}, &err) == 0)
        open_groups(guest, &physicals);
    else
        stay_closed(&physicals, err.message);
    strings_free(&physicals.devices);
    free(physicals.containers);
}

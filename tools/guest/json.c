/* The guest document of `rehost inspect --json`. Described in rehost-inspect(1). */
#include "guest.h"

#define GUEST_VERSION 1

static void partition_to_json(cJSON *object, const struct partition *partition)
{
    json_add_size(object, "number", partition->number);
    json_add_size(object, "offset_bytes", partition->offset_bytes);
    json_add_size(object, "size_bytes", partition->size_bytes);
    json_add_string(object, "type", partition->type);
    json_add_string(object, "partuuid", partition->partuuid);
    cJSON_AddBoolToObject(object, "bootable", partition->bootable);
    json_add_string(object, "fs_type", partition->fs_type);
    json_add_string(object, "uuid", partition->uuid);
    json_add_string(object, "label", partition->label);
    json_add_string(object, "mount_point", partition->mount_point);
    json_add_string(object, "subvolume", partition->subvolume);
    json_add_string(object, "problem", partition->problem);
    json_add_string(object, "closed", partition->closed);
}

/* What lies inside of partitions, as the guest knows it. */
static void volume_to_json(cJSON *object, const struct partition *volume)
{
    static const struct { enum layer layer; const char *name; } layers[] = {{LAYER_LVM, "lvm"}, {LAYER_RAID, "raid"}, {LAYER_CRYPT, "luks"}, {LAYER_BTRFS, "btrfs"}};
    json_add_strings(object, "names", &volume->names);
    cJSON *list = cJSON_AddArrayToObject(object, "layers");
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
        if (volume->layers & layers[i].layer)
            cJSON_AddItemToArray(list, cJSON_CreateString(layers[i].name));
    json_add_strings(object, "drivers", &volume->drivers);
    json_add_size(object, "missing", volume->missing);
    json_add_size(object, "size_bytes", volume->size_bytes);
    json_add_string(object, "fs_type", volume->fs_type);
    json_add_string(object, "uuid", volume->uuid);
    json_add_string(object, "label", volume->label);
    json_add_string(object, "mount_point", volume->mount_point);
    json_add_string(object, "subvolume", volume->subvolume);
    json_add_string(object, "problem", volume->problem);
    json_add_string(object, "closed", volume->closed);
}

static void disk_to_json(cJSON *object, const struct guest_disk *disk)
{
    json_add_string(object, "device", disk->device);
    json_add_size(object, "size_bytes", disk->size_bytes);
    json_add_size(object, "sector_bytes", disk->sector_bytes);
    json_add_string(object, "table", disk->table);
    cJSON *partitions = cJSON_AddArrayToObject(object, "partitions");
    for (size_t i = 0; i < disk->partition_count; i++)
        partition_to_json(json_append_object(partitions), &disk->partitions[i]);
    cJSON *volumes = cJSON_AddArrayToObject(object, "volumes");
    for (size_t i = 0; i < disk->volume_count; i++)
        volume_to_json(json_append_object(volumes), &disk->volumes[i]);
}

static void disks_to_json(cJSON *document, const struct guest *guest)
{
    if (guest->disk.device)
        disk_to_json(cJSON_AddObjectToObject(document, "disk"), &guest->disk);
    else
        cJSON_AddNullToObject(document, "disk");
    cJSON *others = cJSON_AddArrayToObject(document, "other_disks");
    for (size_t i = 0; i < guest->other_count; i++) {
        cJSON *object = json_append_object(others);
        json_add_string(object, "what", guest->others[i].what);
        disk_to_json(object, &guest->others[i].disk);
    }
}

static void system_to_json(cJSON *document, const struct guest *guest)
{
    const struct guest_system *system = &guest->system;
    if (guest->root_fd < 0) {
        cJSON_AddNullToObject(document, "system");
        return;
    }
    cJSON *object = cJSON_AddObjectToObject(document, "system");
    json_add_string(object, "id", system->id);
    json_add_string(object, "version_id", system->version_id);
    json_add_string(object, "pretty_name", system->pretty_name);
    json_add_string(object, "family", system->family);
    json_add_string(object, "hostname", system->hostname);
    json_add_string(object, "init", system->init);
    json_add_string(object, "machine", system->machine);
    cJSON_AddBoolToObject(object, "systemd", system->systemd);
    cJSON_AddBoolToObject(object, "networkd", system->networkd);
    cJSON_AddBoolToObject(object, "ifupdown", system->ifupdown);
    json_add_string(object, "initrd_builder", initrd_builder_name(guest->initrd_builder));
}

static void initrd_to_json(cJSON *kernel, const char *name, const struct initrd *initrd)
{
    cJSON *object = cJSON_AddObjectToObject(kernel, name);
    json_add_string(object, "path", initrd->path);
    cJSON_AddBoolToObject(object, "was_read", initrd->was_read);
    json_add_string(object, "problem", initrd->problem);
    json_add_strings(object, "modules", &initrd->modules);
    json_add_strings(object, "programs", &initrd->programs);
}

static void kernels_to_json(cJSON *document, const struct guest *guest)
{
    cJSON *kernels = cJSON_AddArrayToObject(document, "kernels");
    for (size_t i = 0; i < guest->kernel_count; i++) {
        const struct kernel *kernel = &guest->kernels[i];
        cJSON *object = json_append_object(kernels);
        json_add_string(object, "version", kernel->version);
        json_add_string(object, "image", kernel->image);
        cJSON_AddBoolToObject(object, "has_modules", kernel->modules != NULL);
        cJSON_AddBoolToObject(object, "only_on_xen", kernel->only_on_xen);
        initrd_to_json(object, "initrd", &kernel->initrd);
        if (kernel->copy.path)
            initrd_to_json(object, "copy", &kernel->copy);
    }
}

static void boot_to_json(cJSON *document, const struct boot_loader *boot)
{
    cJSON *object = cJSON_AddObjectToObject(document, "boot");
    json_add_string(object, "kind", boot_loader_name(boot->kind));
    json_add_string(object, "config", boot->config);
    json_add_string(object, "entries_directory", boot->entries_directory);
    json_add_string(object, "default_title", boot->default_title);
    json_add_string(object, "default_kernel", boot->default_kernel);
    json_add_string(object, "default_initrd", boot->default_initrd);
    json_add_string(object, "default_root", boot->default_root);
    json_add_string(object, "default_arguments", boot->default_arguments);
}

static void fstab_to_json(cJSON *document, const struct guest *guest)
{
    cJSON *fstab = cJSON_AddArrayToObject(document, "fstab");
    for (size_t i = 0; i < guest->fstab_count; i++) {
        cJSON *object = json_append_object(fstab);
        json_add_string(object, "spec", guest->fstab[i].spec);
        json_add_string(object, "file", guest->fstab[i].file);
        json_add_string(object, "type", guest->fstab[i].type);
        json_add_string(object, "options", guest->fstab[i].options);
        json_add_size(object, "line", guest->fstab[i].line);
    }
}

static void networks_to_json(cJSON *object, const struct guest_nic *nic)
{
    cJSON *networks = cJSON_AddArrayToObject(object, "networks");
    for (size_t i = 0; i < nic->network_count; i++) {
        cJSON *network = json_append_object(networks);
        json_add_string(network, "address", nic->networks[i].address);
        json_add_string(network, "gateway", nic->networks[i].gateway);
        json_add_size(network, "vlan", nic->networks[i].vlan);
    }
}

static void nics_to_json(cJSON *document, const struct guest *guest)
{
    cJSON *nics = cJSON_AddArrayToObject(document, "nics");
    for (size_t i = 0; i < guest->nic_count; i++) {
        cJSON *object = json_append_object(nics);
        json_add_string(object, "name", guest->nics[i].name);
        json_add_string(object, "mac", guest->nics[i].mac);
        cJSON_AddBoolToObject(object, "sets_mac", guest->nics[i].sets_mac);
        json_add_strings(object, "addresses", &guest->nics[i].addresses);
        json_add_strings(object, "leases", &guest->nics[i].leases);
        json_add_strings(object, "carries", &guest->nics[i].carries);
        json_add_string(object, "gateway", guest->nics[i].gateway);
        json_add_strings(object, "sources", &guest->nics[i].sources);
        networks_to_json(object, &guest->nics[i]);
    }
}

cJSON *guest_to_json(const struct guest *guest)
{
    cJSON *document = cJSON_CreateObject();
    json_add_size(document, "version", GUEST_VERSION);
    json_add_string(document, "what", guest->what);
    cJSON_AddBoolToObject(document, "remote", guest->remote);
    disks_to_json(document, guest);
    json_add_strings(document, "systems", &guest->systems);
    system_to_json(document, guest);
    fstab_to_json(document, guest);
    kernels_to_json(document, guest);
    boot_to_json(document, &guest->boot);
    nics_to_json(document, guest);
    json_add_strings(document, "notes", &guest->notes);
    return document;
}

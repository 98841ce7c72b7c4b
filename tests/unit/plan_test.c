/* The plan as a whole. Guests are directories, tests/guests/NAME:
 *
 *     case.json           what it is "about", and where its facts are from ("origin"); the machine, the partitions and volumes, the table ("none": a
 *                         bare file system, whose plan is the one "before_copy", or "new": the one that such a file system was put into),
 *                         "boot_code" in the disk's first sector or a partition's ("lilo", "table": what starts the active partition), its other
 *                         disks, the disk that each lands on, the job's choices, "over": another guest that it is laid over, what is "removed",
 *                         "programs" that are there, "initrd_by": whose scripts run in its initrd, by the name of a folder in tests/initrds
 *     root/               laid over the canonical guest, or over that one; where case.json says "own", the guest itself, with what no
 *                         source tree keeps made in place: "kernels" (image, initrd, and the canonical module tables where root/ has
 *                         none; "initrd_by", then, with the modules that it "holds", and a "copy" of it), "programs", "init", and what is a program for UEFI that nobody has signed ("unsigned")
 *     expected-plan.json  what is found, and what is to be done
 *     after/              every file that the plan writes, as it is to be afterwards
 *
 * REHOST_UPDATE_FIXTURES=1 writes the last two anew; read the difference before you commit it. */
#include <dirent.h>
#include <time.h>

#include "apply/apply.h"
#include "apply/replace.h"
#include "base/root.h"
#include "fixture.h"
#include "plan/plan.h"

#define GUESTS "tests/guests"

struct test_case {
    const char *name;
    struct fixture fixture;
    cJSON *document;
    struct hardware hardware;
    struct guest guest;
    struct nic_choice choices[16];
    struct strings addresses;
    const char *other_names[DISKS_MAX];
    struct plan_input input;
    struct plan plan;
    bool has_loader; /* extlinux was installed */
    unsigned active; /* the partition that was made the active one; 0: none was */
};

static char *in_case(const struct test_case *test, const char *file)
{
    return checked_printf(GUESTS "/%s/%s", test->name, file);
}

static char *read_here(const char *path)
{
    return root_read(AT_FDCWD, path, 1 << 20, NULL);
}

static bool is_directory_here(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* "volumes": {"names": […], "layers": ["lvm"], "drivers": […], "fs_type": …, "uuid": …, "root": true} */
static void take_volumes(struct test_case *test)
{
    const cJSON *list = cJSON_GetObjectItem(test->document, "volumes"), *item;
    struct guest_disk *disk = &test->guest.disk;
    disk->volumes = checked_alloc(((size_t)cJSON_GetArraySize(list) + 1) * sizeof *disk->volumes);
    cJSON_ArrayForEach(item, list)
    {
        struct partition *volume = &disk->volumes[disk->volume_count++];
        cleanup_strings struct strings layers = {0};
        json_strings(item, "names", &volume->names);
        json_strings(item, "drivers", &volume->drivers);
        json_strings(item, "layers", &layers);
        volume->layers = (strings_contain(&layers, "lvm") ? LAYER_LVM : 0) | (strings_contain(&layers, "raid") ? LAYER_RAID : 0) |
                         (strings_contain(&layers, "luks") ? LAYER_CRYPT : 0);
        volume->kind = volume->layers & LAYER_LVM ? LAYER_LVM : volume->layers & LAYER_CRYPT ? LAYER_CRYPT : LAYER_RAID;
        volume->fs_type = checked_copy(json_string(item, "fs_type"));
        volume->opened = json_flag(item, "opened");
        volume->disks = (unsigned)json_size(item, "disks");
        volume->missing = (unsigned)json_size(item, "missing");
        volume->uuid = checked_copy(json_string(item, "uuid"));
        volume->device = checked_copy(volume->names.items[0]);
        if (json_flag(item, "root"))
            test->guest.root_partition = volume;
    }
}

static struct partition partition_of(const cJSON *item, const char *disk)
{
    unsigned number = (unsigned)json_size(item, "number");
    return (struct partition){
        .number = number,
        .fs_type = checked_copy(json_string(item, "fs_type")),
        .uuid = checked_copy(json_string(item, "uuid")),
        .label = checked_copy(json_string(item, "label")),
        .partuuid = checked_copy(json_string(item, "partuuid")),
        .type = checked_copy(json_string(item, "type")),
        .mount_point = checked_copy(json_string(item, "mount_point")),
        .problem = checked_copy(json_string(item, "problem")),
        .closed = checked_copy(json_string(item, "closed")),
        .opened = json_flag(item, "opened"),
        .device = checked_printf("%sp%u", disk, number),
    };
}

static enum boot_code boot_code_in(const cJSON *object)
{
    const char *name = json_string(object, "boot_code");
    return !name ? BOOT_CODE_UNKNOWN : string_is(name, "lilo") ? BOOT_CODE_LILO : BOOT_CODE_OTHER;
}

static void take_partitions(struct test_case *test)
{
    const cJSON *list = cJSON_GetObjectItem(test->document, "partitions"), *item;
    struct guest_disk *disk = &test->guest.disk;
    disk->partitions = checked_alloc(((size_t)cJSON_GetArraySize(list) + 1) * sizeof *disk->partitions);
    const char *table = json_string(test->document, "table");
    disk->table = string_is(table, "none") ? NULL : checked_copy(table && !string_is(table, "new") ? table : "dos");
    bool is_new = string_is(table, "new");
    disk->boot_code = is_new || test->active ? BOOT_CODE_OTHER : boot_code_in(test->document);
    disk->device = checked_copy("/dev/loop0");
    disk->size_bytes = json_size(test->document, "disk_size_bytes");
    disk->sector_bytes = (uint32_t)json_size(test->document, "disk_sector_bytes");
    cJSON_ArrayForEach(item, list)
    {
        struct partition *partition = &disk->partitions[disk->partition_count++];
        *partition = partition_of(item, "/dev/loop0");
        partition->bootable = is_new || json_flag(item, "bootable") || test->active == partition->number;
        partition->boot_code = is_new ? BOOT_CODE_NONE : boot_code_in(item);
        if (json_flag(item, "root")) {
            partition->boot_code = test->has_loader ? BOOT_CODE_EXTLINUX : partition->boot_code;
            test->guest.root_partition = partition;
        }
    }
}

/* "other_disks": [{"lands_on": "sdb", "partitions": […]}] */
static void take_other_disks(struct test_case *test)
{
    const cJSON *item, *part;
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(test->document, "other_disks"))
    {
        size_t number = test->guest.other_count;
        const cJSON *list = cJSON_GetObjectItem(item, "partitions");
        cleanup_free char *device = checked_printf("/dev/loop%zu", number + 1);
        struct guest other = {.what = checked_copy(device), .root_fd = -1, .disk = {.table = checked_copy("dos"), .device = checked_copy(device)}};
        other.disk.partitions = checked_alloc(((size_t)cJSON_GetArraySize(list) + 1) * sizeof *other.disk.partitions);
        cJSON_ArrayForEach(part, list) other.disk.partitions[other.disk.partition_count++] = partition_of(part, device);
        guest_add_disk(&test->guest, &other);
        test->other_names[number] = json_string(item, "lands_on");
    }
}

static void take_choices(struct test_case *test)
{
    const cJSON *item;
    test->input = (struct plan_input){.guest = &test->guest, .hardware = &test->hardware, .nic_choices = test->choices, .disk = json_string(test->document, "disk"),
                                       .other_disks = test->other_names};
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(test->document, "nics"))
        assert_int_equal(nic_choice_parse(item->valuestring, &test->choices[test->input.nic_choice_count++]), 0);
    json_strings(test->document, "addresses", &test->addresses);
    test->input.address_changes = &test->addresses;
}

/* What each initrd holds once the guest's builder made it anew for the machines of these cases. */
static const char *const made_anew[] = {"virtio", "virtio_ring", "virtio_blk", "virtio_pci", "virtio_pci_legacy_dev", "virtio_pci_modern_dev",
                                        "virtio_scsi", "nvme", "nvme_core", "ahci", "libahci", "libata", "scsi_common", "scsi_mod", "sd_mod", "ata_generic", "ata_piix",
                                        "hv_vmbus", "hv_storvsc", "vmw_pvscsi",
                                        "ext4", "ext3", "jbd", "xfs", "btrfs", "crc16", "mbcache", "jbd2", "dm_mod", "dm_crypt", "md_mod", "raid1",
                                        "usr/sbin/lvm", "usr/sbin/mdadm", "usr/sbin/cryptsetup", NULL};

static void put_tables(struct test_case *test, const char *version)
{
    cleanup_free char *relative = checked_printf("lib/modules/%s", version);
    cleanup_free char *to = fixture_path(&test->fixture, relative), *dep = checked_printf("%s/modules.dep", to);
    if (access(dep, F_OK) == 0)
        return;
    const char *const make[] = {"mkdir", "-p", to, NULL};
    const char *const copy[] = {"cp", "-r", "tests/guests/canonical/root/lib/modules/" FIXTURE_KERNEL "/.", to, NULL};
    fixture_run(make);
    fixture_run(copy);
}

/* What the old machine needed, where the case names nothing else. */
static void modules_held(const cJSON *object, struct strings *modules)
{
    json_strings(object, "holds", modules);
    bool named = modules->count > 0;
    for (const char *const *name = fixture_old_modules; !named && *name; name++)
        strings_add(modules, *name);
}

static void put_initrd_by(struct test_case *test, const cJSON *kernel)
{
    const char *by = json_string(kernel, "initrd_by"), *version = json_string(kernel, "version"), *copy = json_string(kernel, "copy");
    cleanup_strings struct strings modules = {0};
    modules_held(kernel, &modules);
    fixture_put_module_files(&test->fixture, version);
    fixture_put_initrd_by(&test->fixture, by, version, json_string(kernel, "initrd"), &modules);
    if (copy)
        fixture_put_initrd_by(&test->fixture, by, version, copy, &modules);
}

/* {"version": …, "image": …, "initrd": …, "initrd_fits": true}, or {"version": …, "unified": …, "cmdline": …} */
static void put_own_kernel(struct test_case *test, const cJSON *kernel)
{
    const char *initrd = json_string(kernel, "initrd"), *image = json_string(kernel, "image"), *unified = json_string(kernel, "unified");
    put_tables(test, json_string(kernel, "version"));
    if (image)
        fixture_put_kernel_at(&test->fixture, image);
    if (unified)
        fixture_put_unified_at(&test->fixture, unified, json_string(kernel, "version"), json_string(kernel, "cmdline"), json_flag(kernel, "initrd_fits") ? made_anew : fixture_old_modules);
    if (json_string(kernel, "initrd_by"))
        put_initrd_by(test, kernel);
    else if (initrd)
        fixture_put_initrd_at(&test->fixture, initrd, json_flag(kernel, "initrd_fits") ? made_anew : fixture_old_modules);
}

static void lay_tree(struct test_case *test, const char *name)
{
    cleanup_free char *root = checked_printf(GUESTS "/%s/root/.", name);
    const char *const argv[] = {"cp", "-a", "--no-preserve=ownership", root, test->fixture.root, NULL};
    if (is_directory_here(root) && !string_is(name, "canonical"))
        fixture_run(argv);
}

static void put_own_guest(struct test_case *test)
{
    const cJSON *item;
    const char *init = json_string(test->document, "init"), *over = json_string(test->document, "over");
    cleanup_free char *from = in_case(test, "root/.");
    const char *const argv[] = {"cp", "-a", "--no-preserve=ownership", from, test->fixture.root, NULL};
    fixture_empty(&test->fixture);
    if (over)
        lay_tree(test, over);
    if (is_directory_here(from))
        fixture_run(argv);
    fixture_put_init(&test->fixture, init ? init : "sbin/init");
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(test->document, "programs"))
        fixture_put_program(&test->fixture, item->valuestring);
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(test->document, "kernels"))
        put_own_kernel(test, item);
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(test->document, "unsigned"))
        fixture_put_uefi_program(&test->fixture, item->valuestring, false);
}

/* Opens the tree as it is now. */
static void look(struct test_case *test)
{
    struct error err = {0};
    if (guest_open(test->fixture.root, GUEST_WRITE, &test->guest, &err) < 0)
        fail_msg("%s", err.message);
    test->guest.writable = !json_flag(test->document, "before_copy");
    take_partitions(test);
    take_volumes(test);
    take_other_disks(test);
    take_choices(test);
    if (plan_make(&test->input, &test->plan, &err) < 0)
        fail_msg("%s", err.message);
}

static void look_away(struct test_case *test)
{
    struct error err = {0};
    plan_free(&test->plan);
    for (size_t i = 0; i < test->input.nic_choice_count; i++) {
        free(test->choices[i].old);
        free(test->choices[i].mac);
    }
    strings_free(&test->addresses);
    assert_int_equal(guest_close(&test->guest, &err), 0);
}

static void lay_over(struct test_case *test)
{
    const char *over = json_string(test->document, "over");
    const cJSON *item;
    if (over)
        lay_tree(test, over);
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(test->document, "removed"))
        fixture_remove(&test->fixture, item->valuestring);
    lay_tree(test, test->name);
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(test->document, "programs"))
        fixture_put_program(&test->fixture, item->valuestring);
    if (json_flag(test->document, "initrd_fits"))
        fixture_put_initrd(&test->fixture, fixture_new_modules);
    if (json_string(test->document, "initrd_by")) {
        cleanup_strings struct strings modules = {0};
        modules_held(test->document, &modules);
        fixture_put_initrd_by(&test->fixture, json_string(test->document, "initrd_by"), FIXTURE_KERNEL, "boot/initrd.img-" FIXTURE_KERNEL, &modules);
    }
}

static void begin(struct test_case *test, const char *name)
{
    struct error err = {0};
    *test = (struct test_case){.name = name};
    cleanup_free char *path = in_case(test, "case.json");
    cleanup_free char *text = read_here(path);
    test->document = text ? cJSON_Parse(text) : NULL;
    if (!test->document)
        fail_msg("%s cannot be read", path);
    cleanup_free char *hardware = checked_printf("tests/hardware/%s.json", json_string(test->document, "hardware"));
    if (hardware_load(hardware, &test->hardware, &err) < 0)
        fail_msg("%s", err.message);
    if (json_flag(test->document, "own"))
        put_own_guest(test);
    else {
        fixture_canonical(&test->fixture);
        lay_over(test);
    }
    look(test);
}

static void end(struct test_case *test)
{
    look_away(test);
    hardware_free(&test->hardware);
    cJSON_Delete(test->document);
    fixture_end(&test->fixture);
}

/* Without what repeats the guest, and without the contents, which stand in after/. */
static char *plan_printed(const struct test_case *test)
{
    cleanup_json cJSON *document = plan_to_json(&test->plan, &test->input);
    cJSON *operation;
    cJSON_DeleteItemFromObject(document, "guest");
    cJSON_DeleteItemFromObject(document, "disk");
    cJSON_ArrayForEach(operation, cJSON_GetObjectItem(document, "operations"))
    {
        cJSON_DeleteItemFromObject(operation, "content");
        cJSON_DeleteItemFromObject(operation, "diff");
    }
    char *printed = cJSON_Print(document);
    char *copy = checked_printf("%s\n", printed);
    cJSON_free(printed);
    return copy;
}

static void write_here(const char *path, const char *text)
{
    struct fixture here = {.root = "."};
    fixture_put(&here, path, text);
}

static void update(struct test_case *test)
{
    cleanup_free char *printed = plan_printed(test), *expected = in_case(test, "expected-plan.json"), *after = in_case(test, "after");
    const char *const argv[] = {"rm", "-rf", after, NULL};
    write_here(expected, printed);
    fixture_run(argv);
    for (size_t i = 0; i < test->plan.operation_count; i++) {
        const struct operation *operation = &test->plan.operations[i];
        cleanup_free char *path = checked_printf("%s%s", after, operation->path ? operation->path : "");
        if (operation->kind == OPERATION_WRITE)
            write_here(path, operation->content);
    }
}

static void assert_written(const struct test_case *test, const struct operation *operation)
{
    cleanup_free char *relative = checked_printf("after%s", operation->path);
    cleanup_free char *path = in_case(test, relative);
    cleanup_free char *expected = read_here(path);
    if (!expected)
        fail_msg("%s: the plan writes %s, which is not expected", test->name, operation->path);
    assert_string_equal(operation->content, expected);
}

static void assert_planned(struct test_case *test)
{
    if (getenv("REHOST_UPDATE_FIXTURES"))
        update(test);
    cleanup_free char *printed = plan_printed(test), *path = in_case(test, "expected-plan.json");
    cleanup_free char *expected = read_here(path);
    assert_non_null(expected);
    assert_string_equal(printed, expected);
    for (size_t i = 0; i < test->plan.operation_count; i++)
        if (test->plan.operations[i].kind == OPERATION_WRITE)
            assert_written(test, &test->plan.operations[i]);
}

/* As the guest's own programs would leave it: the initrd with the drivers, grub.cfg with the UUID. */
static void pretend_run(struct test_case *test, const struct operation *operation)
{
    const char *path = operation->changes.count ? operation->changes.items[0] : operation->path;
    if (operation->kind == OPERATION_INSTALL)
        test->has_loader = true;
    else if (operation->kind == OPERATION_ACTIVATE)
        test->active = operation->partition;
    else if (string_is(operation->step, "efi"))
        fixture_put(&test->fixture, path, "");
    else if (string_ends(path, ".efi")) {
        cleanup_free char *line = root_read(test->guest.root_fd, "/etc/kernel/cmdline", 1 << 20, NULL);
        assert_non_null(line);
        fixture_put_unified_at(&test->fixture, path, test->guest.kernels[0].version, line, made_anew);
    } else if (string_is(operation->step, "initrd"))
        fixture_put_initrd_at(&test->fixture, path, made_anew);
    else {
        cleanup_free char *text = root_read(test->guest.root_fd, path, 1 << 20, NULL);
        for (char *at = text; (at = strstr(at, "root=/dev/sda")); at++)
            memcpy(at, "root=UUID=x   ", 14);
        fixture_put(&test->fixture, path, text);
    }
}

/* Carries the operations out; planned anew, nothing must be left. */
static void assert_fixed_by_it(struct test_case *test)
{
    struct error err = {0};
    for (size_t i = 0; i < test->plan.operation_count; i++) {
        const struct operation *operation = &test->plan.operations[i];
        int result = 0;
        if (operation->kind == OPERATION_WRITE)
            result = replace_file(test->guest.root_fd, operation->path, operation->content, operation->length, operation->mode, &err);
        else if (operation->kind == OPERATION_REMOVE)
            result = remove_file(test->guest.root_fd, operation->path, &err);
        else
            pretend_run(test, operation);
        if (result < 0)
            fail_msg("%s", err.message);
    }
    look_away(test);
    look(test);
    if (test->plan.operation_count) {
        cleanup_free char *text = plan_to_text(&test->plan, &test->input);
        fail_msg("%s: a second plan still wants:\n%s", test->name, text);
    }
}

static void the_plan_of_this_guest_is_as_expected(void **state)
{
    struct test_case test;
    begin(&test, *state);
    assert_planned(&test);
    if (!plan_is_blocked(&test.plan) && !json_flag(test.document, "before_copy"))
        assert_fixed_by_it(&test);
    end(&test);
}

/* A card is given to one interface at most, and every interface that could have one has one. */
static void assert_cards_are_given_once(const struct test_case *test, const struct plan *plan, const struct hardware *hardware, const char *machine)
{
    size_t given = 0;
    for (size_t i = 0; i < plan->nic_move_count; i++) {
        given += plan->nic_moves[i].hardware_nic != NULL;
        for (size_t j = 0; j < i; j++)
            if (plan->nic_moves[i].hardware_nic && plan->nic_moves[i].hardware_nic == plan->nic_moves[j].hardware_nic)
                fail_msg("%s on %s: the card %s is given twice", test->name, machine, plan->nic_moves[i].hardware_nic->mac);
    }
    size_t most = plan->nic_move_count < hardware->nic_count ? plan->nic_move_count : hardware->nic_count;
    if (given != most)
        fail_msg("%s on %s: %zu of %zu interfaces have a card, of %zu", test->name, machine, given, plan->nic_move_count, hardware->nic_count);
}

static void plan_for(struct test_case *test, const char *machine)
{
    struct error err = {0};
    struct timespec start, end;
    cleanup_hardware struct hardware hardware = {0};
    cleanup_free char *file = checked_printf("tests/hardware/%s", machine);
    if (hardware_load(file, &hardware, &err) < 0)
        fail_msg("%s", err.message);
    struct plan_input input = {.guest = &test->guest, .hardware = &hardware};
    struct plan plan;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
    if (plan_make(&input, &plan, &err) < 0)
        fail_msg("%s on %s: %s", test->name, machine, err.message);
    cleanup_json cJSON *document = plan_to_json(&plan, &input);
    cleanup_free char *text = plan_to_text(&plan, &input);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    assert_non_null(plan.disk);
    assert_true(strstr(text, plan.disk->device) != NULL);
    assert_cards_are_given_once(test, &plan, &hardware, machine);
    if (end.tv_sec - start.tv_sec + (double)(end.tv_nsec - start.tv_nsec) / 1e9 >= 1)
        fail_msg("%s on %s: the plan took a second of the processor's time, or more", test->name, machine);
    plan_free(&plan);
}

/* Without the job's choices, which name the cards of one machine. */
static void every_guest_is_planned_for_every_machine(void **state)
{
    cleanup_strings struct strings machines = {0};
    cleanup_close int hardware_fd = open("tests/hardware", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const struct strings *guests = *state;
    assert_int_equal(root_list(hardware_fd, "/", &machines), 0);
    for (size_t i = 0; i < guests->count; i++) {
        struct test_case test;
        begin(&test, guests->items[i]);
        for (size_t j = 0; j < machines.count; j++)
            if (string_ends(machines.items[j], ".json"))
                plan_for(&test, machines.items[j]);
        end(&test);
    }
}

static bool is_case(const char *name)
{
    cleanup_free char *path = checked_printf(GUESTS "/%s/case.json", name);
    return access(path, R_OK) == 0;
}

int main(void)
{
    cleanup_strings struct strings names = {0}, guests = {0};
    struct CMUnitTest tests[256];
    size_t count = 0;
    int guests_fd = open(GUESTS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (guests_fd < 0 || root_list(guests_fd, "/", &names) < 0) {
        fprintf(stderr, GUESTS " is not here: run this at the top of the source tree\n");
        return 1;
    }
    close(guests_fd);
    for (size_t i = 0; i < names.count && count < 255; i++)
        if (is_case(names.items[i])) {
            strings_add(&guests, names.items[i]);
            tests[count++] = (struct CMUnitTest){names.items[i], the_plan_of_this_guest_is_as_expected, NULL, NULL, names.items[i]};
        }
    tests[count++] = (struct CMUnitTest){"every guest is planned for every machine", every_guest_is_planned_for_every_machine, NULL, NULL, &guests};
    return _cmocka_run_group_tests("plan", tests, count, NULL, NULL);
}

/* A guest that is to be proved: the canonical one, on a disk of its own, in front of a machine of tests/hardware. */
#ifndef REHOST_TEST_SCENE_H
#define REHOST_TEST_SCENE_H

#include "fixture.h"

#include "guest/guest.h"
#include "hardware/hardware.h"
#include "prove/prove.h"

#define UUID "6a7d2c31-5b0e-4d0a-9c55-1f6d6e1b0c12"
#define DISK_BYTES (8u << 20)
#define FIRST_PARTITION (1u << 20)

struct scene {
    struct fixture fixture;
    struct guest guest;
    struct hardware hardware;
    struct proof proof;
    const char *disk;
    const char *const *other_disks;
    unsigned char boot_code[440];
    bool held;
};

static inline void scene_begin(struct scene *scene, const char *machine)
{
    struct error err = {0};
    *scene = (struct scene){0};
    fixture_canonical(&scene->fixture);
    cleanup_free char *file = checked_printf("tests/hardware/%s.json", machine);
    if (hardware_load(file, &scene->hardware, &err) < 0)
        fail_msg("%s", err.message);
}

/* A disk with GRUB in its first sector and behind it, as grub-install leaves it. */
static inline void scene_put_disk(struct scene *scene)
{
    cleanup_free unsigned char *bytes = checked_alloc(DISK_BYTES);
    memcpy(bytes + 0x180, "GRUB \0Geom\0Hard Disk", 20);
    bytes[0] = 0xeb;
    bytes[0x5c] = 1; /* core.img begins at sector 1 … */
    bytes[510] = 0x55;
    bytes[511] = 0xaa;
    bytes[512] = 'R';
    bytes[512 + 500] = 2; /* … and goes on at sector 2, 50 sectors long */
    bytes[512 + 508] = 50;
    memset(bytes + 1024, 'c', 50 * 512);
    fixture_put_bytes(&scene->fixture, "disk", bytes, DISK_BYTES, 0644);
}

static inline void scene_patch_disk(struct scene *scene, off_t offset, const void *bytes, size_t length)
{
    cleanup_close int fd = open(scene->guest.disk.device, O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, bytes, length, offset), length);
}

/* The tree as if it stood on partition 1 of that disk. */
static inline void scene_open(struct scene *scene)
{
    struct error err = {0};
    scene_put_disk(scene);
    if (guest_open(scene->fixture.root, GUEST_READ, &scene->guest, &err) < 0)
        fail_msg("%s", err.message);
    struct guest_disk *disk = &scene->guest.disk;
    disk->device = fixture_path(&scene->fixture, "disk");
    disk->size_bytes = DISK_BYTES;
    disk->sector_bytes = 512;
    disk->table = checked_copy("dos");
    disk->partitions = checked_alloc(2 * sizeof *disk->partitions);
    disk->partition_count = 1;
    disk->partitions[0] = (struct partition){.number = 1, .offset_bytes = FIRST_PARTITION, .size_bytes = DISK_BYTES - FIRST_PARTITION, .type = checked_copy("0x83"),
                                             .fs_type = checked_copy("ext4"), .uuid = checked_copy(UUID), .mount_point = checked_copy("/")};
    scene->guest.root_partition = &disk->partitions[0];
}

static inline void scene_prove(struct scene *scene)
{
    struct error err = {0};
    struct prove_input input = {.guest = &scene->guest, .hardware = &scene->hardware, .disk = scene->disk, .other_disks = scene->other_disks, .held_boot_code = scene->held ? scene->boot_code : NULL};
    proof_free(&scene->proof);
    if (prove_guest(&input, &scene->proof, &err) < 0)
        fail_msg("%s", err.message);
}

static inline void scene_end(struct scene *scene)
{
    proof_free(&scene->proof);
    guest_close(&scene->guest, NULL);
    hardware_free(&scene->hardware);
    fixture_end(&scene->fixture);
}

static inline const struct proof_link *scene_link(const struct scene *scene, const char *name)
{
    for (size_t i = 0; i < scene->proof.count; i++)
        if (string_is(scene->proof.links[i].name, name))
            return &scene->proof.links[i];
    fail_msg("there is no link %s", name);
    return NULL;
}

static inline void scene_expect(const struct scene *scene, const char *name, enum link_state state, const char *says)
{
    const struct proof_link *link = scene_link(scene, name);
    if (link->state != state || !strstr(link->evidence, says))
        fail_msg("%s: state %d: \"%s\" (expected %d, \"%s\")", name, link->state, link->evidence, state, says);
    assert_true(state != LINK_BROKEN || link->way_out);
}

#endif

/* See trust.h. Offsets are those of the file systems' own specifications; where there is a program that knows, it is asked. */
#include "trust.h"

#include <string.h>
#include <unistd.h>

#include "../base/bytes.h"
#include "../base/program.h"

#define UNREADABLE "its superblock cannot be read"
#define NOT_CLEAN "it was not unmounted cleanly"
#define ASK_SECONDS 120

static bool read_at(int fd, void *bytes, size_t length, uint64_t offset)
{
    return pread(fd, bytes, length, (off_t)offset) == (ssize_t)length;
}

/* Documentation/filesystems/ext4/super.rst: s_state, s_feature_incompat, s_feature_ro_compat. */
enum { EXT_AT = 1024, EXT_STATE = 0x3a, EXT_INCOMPAT = 0x60, EXT_RO_COMPAT = 0x64 };
enum { EXT_VALID = 1, EXT_ERRORS = 2, EXT_RECOVER = 4, EXT_BIGALLOC = 0x200, EXT_ORPHANS = 0x10000 };

const char *distrust_ext(const struct volume *volume, int fd)
{
    (void)volume;
    unsigned char superblock[0x68];
    if (!read_at(fd, superblock, sizeof superblock, EXT_AT))
        return UNREADABLE;
    uint16_t state = get_le16(superblock + EXT_STATE);
    uint32_t ro_compat = get_le32(superblock + EXT_RO_COMPAT);
    if (get_le32(superblock + EXT_INCOMPAT) & EXT_RECOVER)
        return NOT_CLEAN " (its journal has not been replayed)";
    if (state & EXT_ERRORS)
        return "the kernel found errors in it";
    if (!(state & EXT_VALID) || ro_compat & EXT_ORPHANS)
        return NOT_CLEAN;
    return ro_compat & EXT_BIGALLOC ? "partclone does not know bigalloc" : NULL;
}

/* "log tail: 2 head: 2 state: <CLEAN>" is the first that xfs_logprint says; of a dirty log all of its records follow. */
struct log_state {
    char text[1024];
    size_t length;
};

static bool take_state(void *context, const char *bytes, size_t length)
{
    struct log_state *state = context;
    size_t taken = (size_t)least(length, sizeof state->text - 1 - state->length);
    memcpy(state->text + state->length, bytes, taken);
    state->length += taken;
    return !strstr(state->text, "state: <") && state->length + 1 < sizeof state->text;
}

/* xfs_sb(5): sb_rblocks, sb_logstart (0: the log is elsewhere), sb_inprogress; big-endian. */
enum { XFS_REALTIME_BLOCKS = 16, XFS_LOG_START = 48, XFS_IN_PROGRESS = 126 };

const char *distrust_xfs(const struct volume *volume, int fd)
{
    unsigned char superblock[128];
    if (!read_at(fd, superblock, sizeof superblock, 0))
        return UNREADABLE;
    if (get_be64(superblock + XFS_REALTIME_BLOCKS) || !get_be64(superblock + XFS_LOG_START) || superblock[XFS_IN_PROGRESS])
        return "its log or its realtime section is elsewhere, or it is half-made";
    struct log_state state = {0};
    const char *const argv[] = {"xfs_logprint", "-t", volume->device, NULL};
    if (program_stream(&(struct program){.argv = argv, .input_fd = -1, .timeout_seconds = ASK_SECONDS}, take_state, &state, NULL) < 0)
        return "the state of its log cannot be told";
    return strstr(state.text, "state: <CLEAN>") ? NULL : NOT_CLEAN " (its log has not been replayed)";
}

/* btrfs' on-disk format: the superblock at 64 KiB with log_root, flags (bit 32: a seed of others), num_devices. */
enum { BTRFS_AT = 0x10000, BTRFS_FLAGS = 0x38, BTRFS_LOG_ROOT = 0x60, BTRFS_DEVICES = 0x88 };

const char *distrust_btrfs(const struct volume *volume, int fd)
{
    (void)volume;
    unsigned char superblock[0x90];
    if (!read_at(fd, superblock, sizeof superblock, BTRFS_AT))
        return UNREADABLE;
    if (get_le64(superblock + BTRFS_LOG_ROOT))
        return NOT_CLEAN " (its log tree has not been replayed)";
    return get_le64(superblock + BTRFS_DEVICES) != 1 || get_le64(superblock + BTRFS_FLAGS) >> 32 ? "it spans several devices" : NULL;
}

/* ntfs-3g.probe(8) tells what it is by its status. That a check is pending, partclone.ntfs itself sees. */
const char *distrust_ntfs(const struct volume *volume, int fd)
{
    (void)fd;
    enum { HIBERNATED = 14, UNCLEAN = 15 };
    int status;
    const char *const argv[] = {"ntfs-3g.probe", "--readwrite", volume->device, NULL};
    struct program program = {.argv = argv, .input_fd = -1, .timeout_seconds = ASK_SECONDS, .exit_status = &status};
    if (program_run(&program, NULL, NULL) == 0)
        return NULL;
    return status == HIBERNATED ? "Windows is hibernated in it, or was shut down by fast startup" : status == UNCLEAN ? NOT_CLEAN : "ntfs-3g does not take it";
}

/* Linux marks a mounted FAT in the boot sector's reserved byte (BS_Reserved1, bit 0), Windows in the second entry of the FAT, which partclone.fat
 * looks at. A sectors-per-FAT of 0 in the old place (BPB_FATSz16) means FAT32, where the byte lies further behind. */
const char *distrust_fat(const struct volume *volume, int fd)
{
    (void)volume;
    enum { OLD_FAT_SIZE = 0x16, DIRTY = 0x25, DIRTY_32 = 0x41 };
    unsigned char sector[512];
    if (!read_at(fd, sector, sizeof sector, 0))
        return UNREADABLE;
    return sector[get_le16(sector + OLD_FAT_SIZE) ? DIRTY : DIRTY_32] & 1 ? NOT_CLEAN : NULL;
}

/* The exFAT specification, 3.1.13 VolumeFlags: bit 1 VolumeDirty, bit 2 MediaFailure. */
const char *distrust_exfat(const struct volume *volume, int fd)
{
    (void)volume;
    enum { VOLUME_FLAGS = 106, TROUBLE = 2 | 4 };
    unsigned char sector[512];
    if (!read_at(fd, sector, sizeof sector, 0))
        return UNREADABLE;
    return get_le16(sector + VOLUME_FLAGS) & TROUBLE ? NOT_CLEAN : NULL;
}

/* include/linux/f2fs_fs.h: the superblock at 1024, and two checkpoints of which the newer counts. Its last block is written when all of it is there,
 * and repeats the version. What was written since a checkpoint that is not that of an unmount, the file system finds only when it is mounted. */
enum { F2FS_AT = 1024, F2FS_BLOCK_SHIFT = 16, F2FS_SEGMENT_SHIFT = 20, F2FS_CHECKPOINT = 76, F2FS_DEVICES = 2201 };
enum { CHECKPOINT_FLAGS = 132, CHECKPOINT_BLOCKS = 136, CHECKPOINT_UNMOUNTED = 1 };
enum { CHECKPOINT_TROUBLE = 0x7018 }; /* errors, to be checked, without checkpoints for a while, half resized */
enum { F2FS_BLOCK_SHIFT_MIN = 12, F2FS_BLOCK_SHIFT_MAX = 16, F2FS_SEGMENT_SHIFT_MAX = 16 };

/* Its version, 0 when it is torn. */
static uint64_t read_checkpoint(int fd, uint64_t at, uint32_t block_bytes, uint32_t *flags)
{
    unsigned char first[140], last[8];
    if (!read_at(fd, first, sizeof first, at))
        return 0;
    uint64_t blocks = get_le32(first + CHECKPOINT_BLOCKS);
    *flags = get_le32(first + CHECKPOINT_FLAGS);
    return blocks && read_at(fd, last, sizeof last, at + (blocks - 1) * block_bytes) && get_le64(last) == get_le64(first) ? get_le64(first) : 0;
}

const char *distrust_f2fs(const struct volume *volume, int fd)
{
    (void)volume;
    unsigned char superblock[F2FS_DEVICES + 1];
    uint32_t flags[2] = {0};
    if (!read_at(fd, superblock, sizeof superblock, F2FS_AT))
        return UNREADABLE;
    if (superblock[F2FS_DEVICES])
        return "it spans several devices";
    uint32_t block_shift = get_le32(superblock + F2FS_BLOCK_SHIFT), segment_shift = get_le32(superblock + F2FS_SEGMENT_SHIFT);
    if (block_shift < F2FS_BLOCK_SHIFT_MIN || block_shift > F2FS_BLOCK_SHIFT_MAX || segment_shift > F2FS_SEGMENT_SHIFT_MAX)
        return UNREADABLE;
    uint64_t at = (uint64_t)get_le32(superblock + F2FS_CHECKPOINT) << block_shift, versions[2];
    for (unsigned i = 0; i < 2; i++)
        versions[i] = read_checkpoint(fd, at + ((uint64_t)i << (segment_shift + block_shift)), 1u << block_shift, &flags[i]);
    uint32_t newest = flags[versions[1] > versions[0]];
    if (!versions[0] && !versions[1])
        return "neither of its checkpoints is whole";
    if (newest & CHECKPOINT_TROUBLE)
        return "it has errors, asks for a check, or was half resized";
    return newest & CHECKPOINT_UNMOUNTED ? NULL : NOT_CLEAN;
}

/* include/uapi/linux/minix_fs.h: the superblock of versions 1 and 2 at 1024. That of version 3 does not say whether it was unmounted, and of zones
 * that are larger than a block partclone.minix does not know. */
enum { MINIX_AT = 1024, MINIX_ZONE_SHIFT = 10, MINIX_MAGIC = 16, MINIX_STATE = 18, MINIX_VALID = 1, MINIX_ERRORS = 2 };

static bool is_old_minix(uint16_t magic)
{
    return magic == 0x137f || magic == 0x138f || magic == 0x2468 || magic == 0x2478; /* of either version with short names, and with long ones */
}

const char *distrust_minix(const struct volume *volume, int fd)
{
    (void)volume;
    unsigned char superblock[20];
    if (!read_at(fd, superblock, sizeof superblock, MINIX_AT))
        return UNREADABLE;
    if (!is_old_minix(get_le16(superblock + MINIX_MAGIC)) || get_le16(superblock + MINIX_ZONE_SHIFT))
        return "of this version it cannot be told whether it was unmounted cleanly";
    uint16_t state = get_le16(superblock + MINIX_STATE);
    return state & MINIX_ERRORS ? "the kernel found errors in it" : state & MINIX_VALID ? NULL : NOT_CLEAN;
}

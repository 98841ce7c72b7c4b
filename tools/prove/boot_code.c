/* The first sectors of the disk, and the boot loader's files. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "../base/cleanup.h"
#include "../base/root.h"
#include "../guest/boot/esp.h"
#include "proving.h"

#define SECTOR 512u
/* GRUB 2, include/grub/i386/pc/boot.h: GRUB_BOOT_MACHINE_KERNEL_SECTOR, the sector where core.img begins. */
#define GRUB_KERNEL_SECTOR 0x5c
/* The same: GRUB_BOOT_MACHINE_LIST_SIZE 12; the first list entry of core.img's first sector ends it: start (8 bytes), length (2), segment (2). */
#define GRUB_FIRST_LIST (SECTOR - 12)
#define CORE_SECTORS_MAX 65536u

static uint64_t little_endian(const unsigned char *bytes, unsigned count)
{
    uint64_t value = 0;
    while (count-- > 0)
        value = value << 8 | bytes[count];
    return value;
}

static bool is_zero(const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i])
            return false;
    return true;
}

static int read_sector(int fd, uint64_t sector, unsigned char bytes[SECTOR])
{
    ssize_t got = pread(fd, bytes, SECTOR, (off_t)(sector * SECTOR));
    return got == (ssize_t)SECTOR ? 0 : -1;
}

/* The partition that these sectors lie in, wholly or in part; NULL: the gap before, between or behind them. */
static const struct partition *partition_at(const struct guest_disk *disk, uint64_t first, uint64_t count)
{
    for (size_t i = 0; i < disk->partition_count; i++) {
        const struct partition *p = &disk->partitions[i];
        if (p->fs_type && first * SECTOR < p->offset_bytes + p->size_bytes && (first + count) * SECTOR > p->offset_bytes)
            return p;
    }
    return NULL;
}

#define WAY_OUT_GRUB "run `grub-install` for the disk in the guest, or on the source before the move"

/* core.img as its own first sector describes it. */
static void prove_core(int fd, const struct guest *guest, uint64_t first, struct proof_link *link)
{
    const struct guest_disk *disk = &guest->disk;
    unsigned char head[SECTOR], body[SECTOR];
    if (first == 0 || first * SECTOR >= disk->size_bytes || read_sector(fd, first, head) < 0) {
        link_broken(link, WAY_OUT_GRUB, "GRUB's boot code points to sector %llu, which is not on %s", (unsigned long long)first, guest->what);
        return;
    }
    uint64_t start = little_endian(head + GRUB_FIRST_LIST, 8), count = little_endian(head + GRUB_FIRST_LIST + 8, 2);
    const struct partition *inside = partition_at(disk, first, 1);
    if (is_zero(head, sizeof head) || !start || !count || count > CORE_SECTORS_MAX || read_sector(fd, start, body) < 0 || is_zero(body, sizeof body))
        link_broken(link, WAY_OUT_GRUB, "GRUB's boot code points to sector %llu of %s, where no core image of GRUB is", (unsigned long long)first, guest->what);
    else if (!inside && partition_at(disk, start, count))
        link_broken(link, WAY_OUT_GRUB, "GRUB's core image reaches into partition %u of %s", partition_at(disk, start, count)->number, guest->what);
    else if (inside)
        link_holds(link, "GRUB's boot code, and its core image at sector %llu in partition %u", (unsigned long long)first, inside->number);
    else
        link_holds(link, "GRUB's boot code, and its core image of %llu sectors at sector %llu of %s, clear of the partitions", (unsigned long long)count + 1,
                   (unsigned long long)first, guest->what);
}

/* GRUB legacy, stage1/stage1.h: STAGE1_STAGE2_SECTOR 0x44 says where stage 1.5 or 2 begins. */
static void prove_grub_legacy(int fd, const struct guest *guest, const unsigned char *code, struct proof_link *link)
{
    uint64_t first = little_endian(code + 0x44, 4);
    unsigned char head[SECTOR];
    if (first == 0 || first * SECTOR >= guest->disk.size_bytes || read_sector(fd, first, head) < 0 || is_zero(head, sizeof head))
        link_broken(link, WAY_OUT_GRUB, "GRUB legacy's boot code points to sector %llu of %s, where nothing is", (unsigned long long)first, guest->what);
    else
        link_holds(link, "GRUB legacy's boot code, and what it starts at sector %llu of %s", (unsigned long long)first, guest->what);
}

/* Whether its sectors still hold what it noted cannot be seen: the initrd was made anew, or will be. */
static void lilo_is_broken(struct proof_link *link)
{
    link_broken(link, WAY_OUT_FIX, "it is LILO that is started, which reads the kernel and the initrd from the sectors that they were in when it last ran");
}

/* A plain boot code (syslinux's mbr.bin, the one of install-mbr, of Windows) starts the active partition's first sector. */
static void prove_active_partition(int fd, const struct guest *guest, struct proof_link *link)
{
    const struct partition *active = NULL;
    unsigned char sector[SECTOR];
    for (size_t i = 0; i < guest->disk.partition_count && !active; i++)
        if (guest->disk.partitions[i].bootable)
            active = &guest->disk.partitions[i];
    if (!active && guest->boot.kind != BOOT_LOADER_EXTLINUX) /* a boot manager of its own needs none */
        link_unknown(link, "the boot code of %s is not GRUB's, and what it starts is not known here", guest->what);
    else if (!active)
        link_broken(link, "make the partition that holds the boot loader active on the source", "no partition of %s is active, so its boot code has nothing to start", guest->what);
    else if (read_sector(fd, active->offset_bytes / SECTOR, sector) < 0 || sector[510] != 0x55 || sector[511] != 0xaa)
        link_broken(link, "install the boot loader again on the source (`extlinux --install`)", "the active partition %u of %s does not begin with boot code", active->number,
                    guest->what);
    else if (boot_code_of(sector) == BOOT_CODE_LILO)
        lilo_is_broken(link);
    else if (memmem(sector, 16, "LINUX", 5)) /* "SYSLINUX" or "EXTLINUX" at byte 3 */
        link_holds(link, "boot code that starts the active partition %u of %s, and extlinux in that one's first sector", active->number, guest->what);
    else
        link_unknown(link, "boot code that starts the active partition %u of %s; what that one's first sector starts is not known here", active->number, guest->what);
}

static void prove_first_sector(const struct proving *proving, int fd, const unsigned char sector[SECTOR], struct proof_link *link)
{
    const char *what = proving->guest->what;
    const unsigned char *held = proving->held_boot_code, *code = held ? held : sector;
    enum boot_code kind = held ? boot_code_of_held(held) : boot_code_of(sector);
    if (!held && (sector[510] != 0x55 || sector[511] != 0xaa))
        link_broken(link, WAY_OUT_GRUB, "the first sector of %s does not end in 55 AA: no firmware starts it", what);
    else if (kind == BOOT_CODE_NONE)
        link_broken(link, WAY_OUT_GRUB, "there is no boot code in the first sector of %s%s", what, held ? " of the source" : "");
    else if (kind == BOOT_CODE_GRUB_LEGACY)
        prove_grub_legacy(fd, proving->guest, code, link);
    else if (kind == BOOT_CODE_LILO)
        lilo_is_broken(link);
    else if (kind == BOOT_CODE_GRUB2)
        prove_core(fd, proving->guest, little_endian(code + GRUB_KERNEL_SECTOR, 8), link);
    else if (string_is(proving->guest->disk.table, "dos"))
        prove_active_partition(fd, proving->guest, link);
    else
        link_unknown(link, "the boot code of %s is not GRUB's, and what it starts is not known here", what);
}

void prove_boot_code(const struct proving *proving, struct proof_link *link)
{
    const struct guest_disk *disk = &proving->guest->disk;
    unsigned char sector[SECTOR];
    if (!disk->device) {
        link_unknown(link, "only a directory was given; the disk would tell");
        return;
    }
    if (proving->hardware->firmware == FIRMWARE_UEFI) {
        link_holds(link, "not used: UEFI firmware starts a file");
        return;
    }
    cleanup_close int fd = open(disk->device, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read_sector(fd, 0, sector) < 0)
        link_broken(link, "look at the kernel's messages (dmesg): the disk may be failing", "the first sector of %s cannot be read: %s", proving->guest->what, strerror(errno));
    else
        prove_first_sector(proving, fd, sector, link);
}

/* GRUB loads its commands from here once core.img runs; without them it stops at "grub rescue>". */
static void prove_modules(const struct proving *proving, struct proof_link *link)
{
    const struct boot_loader *boot = &proving->guest->boot;
    bool uefi = proving->hardware->firmware == FIRMWARE_UEFI;
    cleanup_free char *directory = checked_copy_bytes(boot->config, (size_t)(strrchr(boot->config, '/') - boot->config));
    cleanup_free char *module = checked_printf("%s/%s/normal.mod", directory, uefi ? "x86_64-efi" : "i386-pc");
    bool has_modules = root_is_file(proving->guest->root_fd, module);
    if (!has_modules && !uefi) /* a signed GRUB for UEFI has them in itself */
        link_broken(link, WAY_OUT_GRUB, "%s is missing in the guest: GRUB would stop at `grub rescue>`", module);
    else
        link_holds(link, "%s%s%s boots \"%s\"", has_modules ? module : "", has_modules ? " is there, and " : "", boot->config, boot->default_title);
}

/* The file that the boot code or the firmware starts, beside the configuration or at one of the usual places. */
static void prove_loader_file(const struct proving *proving, const char *const *paths, const char *way_out, struct proof_link *link)
{
    const struct boot_loader *boot = &proving->guest->boot;
    for (size_t i = 0; paths[i]; i++)
        if (root_is_file(proving->guest->root_fd, paths[i])) {
            link_holds(link, "%s is there, and %s boots \"%s\"", paths[i], boot->config, boot->default_title);
            return;
        }
    link_broken(link, way_out, "%s is missing in the guest", paths[0]);
}

static void prove_by_kind(const struct proving *proving, struct proof_link *link)
{
    const struct boot_loader *boot = &proving->guest->boot;
    cleanup_free char *beside = checked_printf("%.*s/ldlinux.sys", (int)(strrchr(boot->config, '/') - boot->config), boot->config);
    cleanup_free char *systemd = esp_find(proving->guest, "EFI/systemd/systemd-bootx64.efi"), *fallback = esp_find(proving->guest, "EFI/BOOT/BOOTX64.EFI");
    switch (boot->kind) {
    case BOOT_LOADER_GRUB_LEGACY:
        prove_loader_file(proving, (const char *const[]){"/boot/grub/stage2", NULL}, "run `grub-install` in the guest, or on the source before the move", link);
        break;
    case BOOT_LOADER_EXTLINUX:
        prove_loader_file(proving, (const char *const[]){beside, "/boot/ldlinux.sys", NULL}, "run `extlinux --install` for its directory on the source", link);
        break;
    case BOOT_LOADER_SYSTEMD_BOOT:
        prove_loader_file(proving, (const char *const[]){systemd ? systemd : fallback ? fallback : "EFI/systemd/systemd-bootx64.efi", NULL}, "run `bootctl install` on the source",
                          link);
        break;
    default:
        prove_modules(proving, link);
    }
}

void prove_boot_loader(const struct proving *proving, struct proof_link *link)
{
    const struct boot_loader *boot = &proving->guest->boot;
    if (boot->kind == BOOT_LOADER_NONE)
        link_broken(link, "install one of them on the source", "no boot loader that is known here was found: GRUB 2, GRUB legacy, extlinux, systemd-boot");
    else if (!boot->default_kernel)
        link_broken(link, WAY_OUT_FIX, "%s names no kernel to boot", boot->config);
    else if (boot->kind == BOOT_LOADER_LILO)
        link_broken(link, WAY_OUT_FIX, "%s is LILO's, which would have to be run on this machine to start anything; extlinux can take its place", boot->config);
    else
        prove_by_kind(proving, link);
}

/* What the initrd builders share: each brings these functions in a file of its own, and initrd.c asks them. */
#ifndef REHOST_PLAN_INITRD_H
#define REHOST_PLAN_INITRD_H

#include "../planning.h"

#define INITRD_SECONDS 1800 /* an initrd takes 3 minutes on an emulated processor (TCG) when nothing else runs */
/* Why a builder's configuration is written. */
#define INITRD_WHY "names the drivers of this machine's disk for this and every later initrd"

struct initrd_builder_ops {
    /* The file of its configuration that `configure` writes; a guest in which it is no plain file is refused. */
    const char *file;
    /* Names of the old machine in its configuration; NULL: there are none. */
    void (*settle)(struct planning *planning);
    /* Puts the drivers into its configuration, for every later initrd: `file` with them, where that is all, the caller's; */
    char *(*with_drivers)(const char *text, const struct strings *drivers);
    /* or else whatever it takes. Whether something changes. */
    bool (*configure)(struct planning *planning, const struct strings *drivers);
    /* Does its configuration name this driver? */
    bool (*names)(const struct planning *planning, const char *driver);
    /* Would it leave out on the new machine what its configuration does not name? NULL: never. */
    bool (*takes_only_the_list)(const struct planning *planning);
    bool looks_at_the_machine; /* Does it, or may it, take the drivers of the machine that it runs on? */
    /* Can it be run? Says why not, and blocks. NULL: always. */
    bool (*is_usable)(struct planning *planning);
    /* Plans the run that makes this kernel's initrd anew. `drivers` are those of `configure`, as far as this kernel has them. */
    void (*run)(struct planning *planning, const struct kernel *kernel, const struct strings *drivers, const char *why);
};

extern const struct initrd_builder_ops initramfs_tools_builder, dracut_builder, mkinitrd_builder, suse_mkinitrd_builder, mkinitcpio_builder, mkinitfs_builder, booster_builder;

/* initrd_run.c: where this kernel's initrd is, or is to be; `format` has the kernel's version for its %s. The caller's. */
char *initrd_path_of(const struct kernel *kernel, const char *format) __attribute__((format_arg(2)));
/* The run of `argv`, which makes `path`. */
void initrd_plan_run(struct planning *planning, const char *const *argv, const char *path, const char *why);

/* The pure core of each. `drivers` come with underscores; what the administrator names stays; an older block of ours goes. The caller's. */
char *initramfs_modules_with(const char *text, const struct strings *drivers);
char *dracut_conf_of(const struct strings *drivers, unsigned layers /* enum layer, one bit each */);
char *dracut_conf_settled(const char *text); /* lines that add a device of the old machine are commented out */
char *modprobe_conf_with(const char *text, const struct strings *drivers, const struct strings *missing);
char *mkinitcpio_conf_with(const char *text, const struct strings *drivers);
char *booster_yaml_with(const char *text, const struct strings *drivers);

#endif

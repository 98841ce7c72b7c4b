/* See extlinux_hook.h. Debian runs what is in these directories, and so do Red Hat's new-kernel-pkg (6, 7) and kernel-install (8 and later), after they made the
 * initrd; the first argument is the kernel's version. */
#include "extlinux_hook.h"

#include "../../base/text.h"

static const char script[] =
    "#!/bin/sh\n"
    "# Written by rehost. After a kernel came or went, extlinux.conf gets a label for each that there is; one that came becomes the default.\n"
    "set -e\n"
    "config=/boot/extlinux/extlinux.conf\n"
    "top=%s\n"
    "[ -r \"$config\" ] || exit 0\n"
    "arguments=$(sed -n 's/^" EXTLINUX_ARGUMENTS "//p' \"$config\")\n"
    "default=$(sed -n 's/^DEFAULT //p' \"$config\")\n"
    "labels=\n"
    "first=\n"
    "for image in $(ls /boot/vmlinuz-* | sort -rV); do\n"
    "    version=${image#/boot/vmlinuz-}\n"
    "    case $version in *xen* | *rescue*) continue ;; esac\n"
    "    labels=\"$labels $version\"\n"
    "    [ -n \"$first\" ] || first=$version\n"
    "done\n"
    "case \"$0 $labels \" in\n"
    "*/postinst.d/*\" $1 \"*) default=$1 ;;\n"
    "*\" $default \"*) ;;\n"
    "*) default=$first ;;\n"
    "esac\n"
    "[ -n \"$default\" ] || exit 0\n"
    "{\n"
    "    sed -e '/^LABEL /,$d' -e \"s/^DEFAULT .*/DEFAULT $default/\" \"$config\"\n"
    "    for version in $labels; do\n"
    "        printf 'LABEL %%s\\n    LINUX %%s/vmlinuz-%%s\\n' \"$version\" \"$top\" \"$version\"\n"
    "        for initrd in \"initrd.img-$version\" \"initramfs-$version.img\" \"initrd-$version.img\" \"initrd-$version\"; do\n"
    "            [ -e \"/boot/$initrd\" ] || continue\n"
    "            printf '    INITRD %%s/%%s\\n' \"$top\" \"$initrd\"\n"
    "            break\n"
    "        done\n"
    "        printf '    APPEND %%s\\n\\n' \"$arguments\"\n"
    "    done\n"
    "} >\"$config.new\"\n"
    "mv \"$config.new\" \"$config\"\n";

char *extlinux_hook(const char *top)
{
    return checked_printf(script, top);
}

#!/bin/bash
# shellcheck disable=SC2154 # moddir and initdir come from dracut
# dracut module: the whole of the appliance's file system. No other module is used: PID 1 is busybox.
# /usr becomes a file system of its own (tools/build/image.sh). What runs before it is mounted lies in /bin and /early.
# build.sh gives REHOST_PREFIX (static tools) and REHOST_BINARY (the program).

top=/src

check() { return 0; }

depends() { return 0; }

list() { sed -e 's/[[:space:]]*#.*//' -e '/^[[:space:]]*$/d' "$@"; }

# The lists name more than any one kernel has: a module may have become built in.
installkernel() {
    local entries
    mapfile -t entries < <(list "$top"/config/drivers/*.modules)
    hostonly='' instmods -o "${entries[@]}"
}

# In dracut's setting "install" is this function: never call install(1) here.
install() {
    install_programs
    install_static_tools
    install_busybox
    install_early_modules
    install_rootfs
}

install_programs() {
    local programs
    mapfile -t programs < <(list "$moddir/programs.list")
    inst_multiple "${programs[@]}" || dfatal "a program of programs.list is not in the build root"
    install_libraries_of_plugins "${programs[@]}"
}

# dracut looks for the libraries of programs only; nbdkit loads its plugins at run time, and those have libraries too.
install_libraries_of_plugins() {
    local file libraries
    for file in "$@"; do
        [[ $file == *.so ]] || continue
        mapfile -t libraries < <(ldd "$file" | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p')
        inst_multiple "${libraries[@]}"
    done
}

install_static_tools() {
    local tool
    for tool in "$REHOST_PREFIX"/sbin/*; do inst_simple "$tool" "/usr/sbin/${tool##*/}"; done
    ln -sf mke2fs "$initdir/usr/sbin/mkfs.ext4"
    local name
    for name in fsck.ext2 fsck.ext3 fsck.ext4; do ln -sf e2fsck "$initdir/usr/sbin/$name"; done
    inst_simple "$REHOST_PREFIX/etc/mke2fs.conf" /etc/mke2fs.conf
    inst_simple "$REHOST_BINARY" /usr/bin/rehost
}

# Every applet whose name no real program has taken. /bin is no link to /usr/bin here.
install_busybox() {
    local applet
    rm -f "$initdir/bin"
    mkdir -p "$initdir/bin"
    cp "$REHOST_PREFIX/bin/busybox" "$initdir/bin/busybox"
    while read -r applet; do
        [[ -e $initdir/usr/bin/$applet || -e $initdir/usr/sbin/$applet ]] || ln -sf busybox "$initdir/bin/$applet"
    done <"$REHOST_PREFIX/applets"
    ln -sf bin/busybox "$initdir/init"
}

# What it takes to mount /usr, unpacked: busybox's insmod reads no compressed modules.
install_early_modules() {
    local module
    mkdir -p "$initdir/early"
    for module in loop squashfs; do
        xz -dc "$(modinfo -k "$kernel" -n "$module")" >"$initdir/early/$module.ko" || dfatal "the kernel has no module '$module'"
    done
}

# rootfs/ as it stands, and one more file that sorts behind all others: rcS refuses an archive that lacks it.
install_rootfs() {
    local file
    while read -r file; do
        inst_simple "$top/rootfs/$file" "/$file"
    done < <(cd "$top/rootfs" && find . -type f -printf '%P\n')
    mkdir -p "$initdir"/{proc,sys,dev,run,tmp,mnt,root,var/log}
    echo "The last file of the archive: all others are there." >"$initdir/zzz-end-of-archive"
}

#!/bin/bash
# A Debian without an initrd builder, with initrds laid out as other systems lay them out (tests/initrds): its own modules are appended to each, and the
# scripts in it load them, as far as they can be run here: with stand-ins for all programs, and modprobe and modinfo on the initrd's own tree.
set -euo pipefail
# shellcheck source=tests/fix/lib/fix.sh
. "$(dirname "$0")/lib/fix.sh"
needs_guest "${GUEST:-debian12}"
TREE=$WORK/tree STUBS=$WORK/stubs LOADED=$WORK/loaded
export TREE LOADED VERSION

prove() { "$REHOST" prove --hardware "$MACHINE" "$WORK/disk"; }

# What the old machine needed, as files in $WORK/modules.
take_builder_away() {
    local file
    rm "$MOUNT"/usr/sbin/{update-initramfs,mkinitramfs}
    basename "$MOUNT"/boot/vmlinuz-* | sed 's/vmlinuz-//' >"$WORK/version"
    mkdir "$WORK/modules"
    for module in ext4 sym53c8xx sd_mod; do
        modprobe -d "$MOUNT" --set-version "$(cat "$WORK/version")" --show-depends "$module"
    done | while read -r _ file _; do cp "$file" "$WORK/modules/"; done
}
# The init of the initrd starts all that it needs by name or as /sbin/NAME.
make_stubs() {
    local name
    mkdir "$STUBS"
    for name in mount umount setquiet mkdir mknod hotplug mkblkdevs resume mkrootdev setuproot switchroot sleep stabilized udevd udevadm udevtrigger udevsettle \
        nlplug-findfs mount_setup run_hookfunctions; do
        printf '#!/bin/bash\n' >"$STUBS/$name"
    done
    # Each module has its file, and those that it depends on are there before it.
    cat >"$STUBS/insmod" <<-'SH'
	#!/bin/bash
	set -e
	name=$(basename "$1" .ko) file=$TREE$1
	[ -s "$file" ]
	for other in $(/sbin/modinfo -F depends "$file" | tr ',-' ' _'); do grep -qx "$other" "$LOADED"; done
	tr - _ <<<"$name" >>"$LOADED"
	SH
    cat >"$STUBS/modprobe" <<-'SH'
	#!/bin/bash
	for word; do
	    case $word in -*) continue ;; esac
	    /sbin/modprobe -d "$TREE" --set-version "$VERSION" --show-depends "$word" >"$LOADED.by" 2>/dev/null || continue
	    while read -r _ file _; do
	        [ "${file#"$TREE"}" = "$file" ] || [ ! -s "$file" ] || basename "$file" | sed 's/[.]ko.*//; y/-/_/' >>"$LOADED"
	    done <"$LOADED.by"
	done
	SH
    chmod 755 "$STUBS"/*
    ln -s "$(command -v sed)" "$(command -v tr)" "$(command -v grep)" "$(command -v basename)" "$(command -v cat)" "$STUBS"
}
# run_init: the script init, as it lies in the tree and with the names of programs and files that lead out of it made to stay in.
run_init() {
    find "$TREE" \( -name init -o -name '*.sh' \) -exec sed -i -e '/^ *export PATH=/d' -e 's,/sbin/,,g' -e 's,^\. /,. ./,' -e 's,/etc/modules,etc/modules,g' {} +
    (cd "$TREE" && PATH=$STUBS /bin/bash ./init >"$WORK/init.log" 2>&1) || true
}
# booster.init.yaml and the modules, as booster's init goes through them.
run_booster() {
    python3 - "$TREE" "$LOADED" <<-'PY'
	import os, sys
	tree, loaded = sys.argv[1], open(sys.argv[2], "a")
	depends, forced, top, module = {}, [], None, None
	for line in open(tree + "/etc/booster.init.yaml"):
	    indent, word = len(line) - len(line.lstrip()), line.strip()
	    if indent == 0:
	        top = word.split(":")[0]
	    elif top == "moduledependencies" and indent == 4:
	        module = word[:-1]
	        assert module not in depends, module + " stands there twice"
	        depends[module] = []
	    elif top == "moduledependencies":
	        depends[module].append(word[2:])
	    elif top == "modulesforceload":
	        forced.append(word[2:])
	def load(name):
	    for other in depends.get(name, []):
	        load(other)
	    with open(f"{tree}/usr/lib/modules/{name}.ko", "rb") as file:
	        assert file.read(4) == b"\x7fELF", name
	    loaded.write(name + "\n")
	for name in forced:
	    load(name)
	PY
}
run_systemd() {
    local name
    sort -u "$TREE"/etc/modules-load.d/*.conf | while read -r name; do [ -z "$name" ] || PATH=$STUBS modprobe "$name"; done
}

# put KIND: its initrd, beside which there is no other.
put() {
    "$TOP/tests/initrds/make" "$1" "$VERSION" "$WORK/old" "$WORK"/modules/*
    cat "$WORK/old" >"$MOUNT/boot/initrd.img-$VERSION"
}
initrd_of() { cat "$MOUNT/boot/initrd.img-$VERSION" >"$WORK/$1"; }
# What the kernel makes of both archives.
unpack() {
    local old offset
    old=$(stat -c %s "$WORK/old")
    offset=$(((old + 4 + 511) / 512 * 512))
    rm -rf "$TREE"
    mkdir "$TREE"
    cmp -n "$old" "$WORK/old" "$WORK/new" && gzip -dcq "$WORK/old" | (cd "$TREE" && cpio -idm --quiet) &&
        tail -c "+$((offset + 1))" "$WORK/new" | (cd "$TREE" && cpio -idmu --quiet)
}
loads() {
    : >"$LOADED"
    [ -e "$TREE/lib" ] || ln -s usr/lib "$TREE/lib"
    "$1" && cat "$LOADED" && grep -qx virtio_blk "$LOADED" && grep -qx virtio_pci "$LOADED" && grep -qx virtio_ring "$LOADED"
}

mounted rw take_builder_away
VERSION=$(cat "$WORK/version")
make_stubs
while read -r kind run <&3; do
    mounted rw put "$kind"
    must "$kind: the drivers are appended, and planned anew nothing is left" ends_with 0 "nothing is left to be changed" fix
    tries "$kind: every link of the chain holds" ends_with 0 "Every link holds" prove
    mounted ro initrd_of new
    must "$kind: the old initrd is the beginning of the new one" unpack
    tries "$kind: what runs in it loads the disk's drivers, and what they depend on" loads "$run"
    tries "$kind: the fix is taken back" ends_with 0 "taken back" fix --undo
    mounted ro initrd_of undone
    tries "$kind: the initrd is as it was, byte by byte" cmp "$WORK/old" "$WORK/undone"
done 3<<-KINDS
	mkinitrd-of-rhel-5 run_init
	mkinitrd-of-sles-10 run_init
	mkinitrd-of-sles-11 run_init
	mkinitcpio run_init
	mkinitcpio-with-systemd run_systemd
	mkinitfs run_init
	booster run_booster
	genkernel run_init
KINDS

# Alpine without kmod: busybox's depmod writes texts alone.
depmod_writes_texts() {
    rm "$MOUNT/usr/sbin/depmod"
    cat >"$MOUNT/usr/sbin/depmod" <<-'SH'
	#!/bin/bash
	(exec -a depmod /bin/kmod "$@") && rm /var/lib/rehost/initrd/lib/modules/*/*.bin
	SH
    chmod 755 "$MOUNT/usr/sbin/depmod"
    put mkinitfs
}
mounted rw depmod_writes_texts
tries "indexes that nothing in the initrd would read are not made" ends_with 1 "makes no modules.dep.bin" fix
mounted ro initrd_of undone
tries "... and the initrd is as it was" cmp "$WORK/old" "$WORK/undone"
tap_done

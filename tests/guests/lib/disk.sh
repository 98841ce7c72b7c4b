# shellcheck shell=bash
# Small disks with a system on them, for tests of inspect and prove. Sourced: sets TOP, REHOST, WORK and HARDWARE.
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
REHOST=${REHOST:-$TOP/out/rehost}
HARDWARE=$TOP/tests/hardware
WORK=$(mktemp -d "${TMPDIR:-/tmp}/rehost-guests.XXXXXX")
UUID=6a7d2c31-5b0e-4d0a-9c55-1f6d6e1b0c12
KERNEL=6.1.0-50-amd64
# shellcheck source=tests/vm/lib/tap.sh
. "$TOP/tests/vm/lib/tap.sh"
# shellcheck source=tests/vm/lib/wait.sh
. "$TOP/tests/vm/lib/wait.sh"
PATH=$PATH:/usr/sbin:/sbin

# strictly FUNCTION [ARGUMENT...]: in a shell of its own, as bash forgets `set -e` in whatever stands before `||`.
strictly() {
    export TOP REHOST HARDWARE WORK UUID KERNEL
    bash -euo pipefail -c "$(declare -f); \"\$@\"" claim "$@"
}

# claim TEXT FUNCTION [ARGUMENT...]: a check that the first failing command ends.
claim() { check "$1" strictly "${@:2}" || true; }

HELPER=
cleanup() {
    if [ -n "$HELPER" ]; then
        kill "$HELPER" 2>/dev/null || true
        wait "$HELPER" 2>/dev/null || true
    fi
    rm -rf "$WORK"
}
trap cleanup EXIT

needs() {
    local program
    [ -x "$REHOST" ] || skip_all "there is no program at $REHOST: build it, or set REHOST"
    [ "$(id -u)" -eq 0 ] || skip_all "file systems are mounted here: this needs root"
    [ -e /dev/loop-control ] || skip_all "there is no /dev/loop-control"
    for program in sfdisk mke2fs debugfs python3 "$@"; do
        command -v "$program" >/dev/null || skip_all "there is no $program here"
    done
}

# tree DIRECTORY: the canonical guest, with stand-ins for the binaries that no source tree keeps.
tree() {
    mkdir -p "$1"
    cp -r "$TOP/tests/guests/canonical/root/." "$1/"
    mkdir -p "$1/usr/lib/systemd" "$1/sbin" "$1/usr/sbin" "$1/boot/grub/i386-pc"
    printf '\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0\76\0' >"$1/usr/lib/systemd/systemd"
    chmod 755 "$1/usr/lib/systemd/systemd"
    ln -sf /usr/lib/systemd/systemd "$1/sbin/init"
    printf '#!/bin/sh\n' | tee "$1/sbin/ifup" >"$1/usr/sbin/update-initramfs"
    chmod 755 "$1/sbin/ifup" "$1/usr/sbin/update-initramfs"
    : >"$1/boot/grub/i386-pc/normal.mod"
    { head -c 510 /dev/zero; printf '\125\252\0\0HdrS'; } >"$1/boot/vmlinuz-$KERNEL"
    printf '070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08xTRAILER!!!\0\0\0\0' 0 0 0 0 1 0 0 0 0 0 0 11 0 >"$1/boot/initrd.img-$KERNEL"
}

# file_system IMAGE OFFSET-MIB SIZE-MIB TREE [MKE2FS-OPTION...]
file_system() {
    local image=$1 offset=$2 size=$3 tree=$4
    shift 4
    mke2fs -q -F -t ext4 -U "$UUID" -d "$tree" -E "offset=$((offset << 20))" "$@" "$image" "${size}M"
}

# disk IMAGE TREE: MBR, one ext4 partition.
disk() {
    truncate -s 64M "$1"
    echo 'start=1MiB, size=60MiB, type=83, bootable' | sfdisk -q "$1"
    file_system "$1" 1 60 "$2"
}

# field EXPRESSION: of the document d that inspect last wrote; lists and parts of lists one in a line.
field() {
    python3 - "$1" "$WORK/document" <<-'PY'
	import json, sys, types
	d = json.load(open(sys.argv[2]), object_hook=lambda o: types.SimpleNamespace(**o))
	value = eval(sys.argv[1])
	for line in value if isinstance(value, list) else [value]:
	    print("null" if line is None else line)
	PY
}

inspect() { "$REHOST" inspect --json "$1" >"$WORK/document"; }

is() { [ "$1" = "$2" ] || { echo "it is \"$1\" and not \"$2\""; return 1; }; }

# fails_with TEXT COMMAND...: status 1, and the message has the text.
fails_with() {
    local text=$1 status=0
    shift
    "$@" >"$WORK/said" 2>&1 || status=$?
    cat "$WORK/said"
    [ "$status" -eq 1 ] && grep -qF -- "$text" "$WORK/said"
}

digest() { sha256sum "$1" | cut -d' ' -f1; }

#!/bin/bash
# The disks of the test guests are kept under a digest of what they are made from: a change makes every guest anew that it has a share in, and
# no other.
set -euo pipefail
shopt -s inherit_errexit
TOP=$(cd "$(dirname "$0")/../.." && pwd)
WORK=$(mktemp -d "${TMPDIR:-/tmp}/rehost-guests.XXXXXX")
trap 'rm -rf "$WORK"' EXIT
# shellcheck source=tests/vm/lib/tap.sh
. "$TOP/tests/vm/lib/tap.sh"

export REHOST_CACHE=$WORK/cache
mkdir -p "$REHOST_CACHE/guests" "$WORK/tests/used" "$WORK/tests/vm"
echo key >"$REHOST_CACHE/guests/ssh_key.pub"
cp -r "$TOP/tests/used/lib" "$WORK/tests/used/"
cp -r "$TOP/tests/vm/guests" "$WORK/tests/vm/"
GUESTS=$WORK/tests/vm/guests

paths() { local guest; for guest in "$GUESTS"/*.guest; do "$GUESTS/build" --path "$(basename "$guest" .guest)"; done; }

# remade FILE GUEST…: a change to the file makes these anew.
remade() {
    local file=$1 now
    shift
    paths >"$WORK/before"
    echo '# a change' >>"$file"
    now=$(paths)
    diff "$WORK/before" <(echo "$now") >"$WORK/changed" || true
    sed -n 's,^> .*/\(.*\)-[0-9a-f]*\.img$,\1,p' "$WORK/changed" | sort | diff - <(printf '%s\n' "$@" | sort)
}

# those GUEST-FILE-PATTERN: the guests whose files have such a line.
those() { grep -lE "$1" "$GUESTS"/*.guest | sed 's,.*/\(.*\)\.guest$,\1,'; }
all_guests() { those .; }
# kinds COMMAND…: of the files that it prints, builder/inside-grub1.sh and builder/layout/lvm.sh, what they are for: grub1|lvm
kinds() { "$@" | sed 's,.*/,,; s,^inside-,,; s,\.sh$,,' | paste -sd '|'; }

one_by_one() { local guest; for guest in debian12 router; do remade "$GUESTS/$guest.guest" "$guest" || return 1; done; }
# shellcheck disable=SC2046 # words
by_common_parts() {
    local part
    for part in build builder/root.sh builder/settings.sh builder/image.sh; do remade "$GUESTS/$part" $(all_guests) || return 1; done
}
# shellcheck disable=SC2046 # words
by_networks() {
    local network
    for network in networkd networkmanager netplan; do remade "$GUESTS/builder/network/$network.sh" $(those "^network=$network\$") || return 1; done
}
# parts_upon PART: the files of layouts and loaders that use it, or use one that does.
parts_upon() {
    local file
    while read -r file; do
        echo "$file"
        parts_upon "${file#"$GUESTS/builder/"}"
    done < <(grep -lx "use $1" "$GUESTS"/builder/l*/*.sh)
}
# shellcheck disable=SC2046 # words
by_layouts() {
    local layout
    for layout in lvm raid luks bare efi; do
        remade "$GUESTS/builder/layout/$layout.sh" $(those "^layout=($layout|$(kinds parts_upon "layout/$layout.sh"))\$") || return 1
    done
    remade "$GUESTS/builder/volumes.sh" $(those "^layout=($(kinds parts_upon volumes.sh))\$")
}
# shellcheck disable=SC2046 # words
by_loaders() {
    remade "$GUESTS/builder/loader/extlinux.sh" $(those "^loader=(extlinux|$(kinds parts_upon loader/extlinux.sh))\$") &&
        remade "$GUESTS/builder/inside-extlinux.sh" $(those '^loader=extlinux$') &&
        remade "$GUESTS/builder/inside-pygrub.sh" $(those "^loader=($(kinds find -L "$GUESTS/builder" -samefile "$GUESTS/builder/inside-pygrub.sh"))\$")
}
# shellcheck disable=SC2046 # words
by_what_it_runs() { remade "$WORK/tests/used/lib/md-superblock.py" $(those "^layout=(raid|$(kinds parts_upon layout/raid.sh))\$"); }

# refused GUEST-FILE-LINE TEXT: a guest with that setting is not built, and the reason holds the text.
refused() {
    { cat "$GUESTS/debian12.guest"; echo "$1"; } >"$GUESTS/odd.guest"
    ! "$GUESTS/build" --path odd >"$WORK/path" 2>"$WORK/said" && cat "$WORK/path" "$WORK/said" && [ ! -s "$WORK/path" ] && grep -qF "$2" "$WORK/said"
}
a_part_without_its_function() {
    sed 's/^settings_ifupdown/settings_other/' "$GUESTS/builder/network/ifupdown.sh" >"$GUESTS/builder/network/broken.sh"
    refused network=broken settings_broken
}

tries "a guest's own file is a matter of that guest alone" one_by_one
tries "what all of them share makes all of them anew" by_common_parts
tries "a network system those that have it" by_networks
tries "a layout those that have it, and what layouts share all of these" by_layouts
tries "a boot loader those that have it, and what runs inside the root as well" by_loaders
tries "a program of another place that makes a part of one does, too" by_what_it_runs
tries "a guest of a part that is not there is not built" refused layout=nowhere nowhere
tries "... nor one whose part lacks the function that is called by its name" a_part_without_its_function
tap_done

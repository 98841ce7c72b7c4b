#!/bin/bash
# Packages that are handed in are installed by the guest's own dpkg before anything is planned: what they bring is planned for. A package that cannot be
# installed changes nothing.
set -euo pipefail
# shellcheck source=tests/fix/lib/fix.sh
. "$(dirname "$0")/lib/fix.sh"
needs_guest "${GUEST:-debian12}"
command -v dpkg-deb >/dev/null || skip_all "dpkg-deb is not installed"
command -v python3 >/dev/null || skip_all "python3 is not installed"

# serve: a web server for $WORK/packages on a port that it chooses; sets url and server.
serve() {
    timeout 900 python3 -u -m http.server 0 --bind 127.0.0.1 --directory "$WORK/packages" >"$WORK/server.log" 2>&1 &
    server=$!
    for _ in $(seq 1200); do
        url=$(sed -n 's/.*(\(http[^)]*\)).*/\1/p' "$WORK/server.log")
        [ -z "$url" ] || return 0
        sleep 0.1
    done
    return 1
}

# package NAME [CONTROL-LINE]…: with a driver's options for modprobe, and a script that leaves a mark of where it ran.
package() {
    local name=$1 tree=$WORK/$1
    shift
    mkdir -p "$tree/DEBIAN" "$tree/etc/modprobe.d" "$WORK/packages"
    printf '%s\n' "Package: $name" "Version: 1.0" "Architecture: all" "Maintainer: nobody <nobody@example.invalid>" "Description: $name" "$@" >"$tree/DEBIAN/control"
    printf '#!/bin/sh\nset -e\ncat /etc/hostname >/etc/%s.installed-on\n' "$name" >"$tree/DEBIAN/postinst"
    printf '#!/bin/sh\nrm -f /etc/%s.installed-on\n' "$name" >"$tree/DEBIAN/postrm"
    chmod 755 "$tree/DEBIAN/postinst" "$tree/DEBIAN/postrm"
    echo 'blacklist virtio_blk' >"$tree/etc/modprobe.d/$name.conf"
    dpkg-deb --root-owner-group --build "$tree" "$WORK/packages/${name}_1.0_all.deb" >/dev/null
}

with_packages() { fix --packages "$WORK/packages" "$@"; }
content() { mounted ro,noload cat "$MOUNT$1"; }
is_there() { mounted ro,noload test -e "$MOUNT$1"; }
is_gone() { ! is_there "$1"; }
dpkg_knows_it() { mounted ro,noload chroot "$MOUNT" dpkg --status rehost-driver | grep -x 'Status: install ok installed'; }
packages_left() { mounted ro,noload find "$MOUNT/var/lib/rehost/packages" -name '*.deb'; }

package rehost-wants-more 'Depends: what-is-nowhere'
must "a package that cannot be installed is a blocker" ends_with 3 "what-is-nowhere" with_packages
tries "... that says what to do" grep -q 'taken away again' "$WORK/said"
tries "... and nothing of it stays" is_gone /etc/modprobe.d/rehost-wants-more.conf
tries "... and nothing else was changed" ends_with 0 "+UUID=" fix --dry-run
rm "$WORK"/packages/*

package rehost-driver
tries "a dry run installs nothing" ends_with 0 "+UUID=" with_packages --dry-run
tries "... and leaves nothing behind" is_gone /etc/modprobe.d/rehost-driver.conf
must "a web server has it" serve
must "the fix fetches and installs the package, and is carried out" ends_with 0 "nothing is left to be changed" fix --packages "${url}rehost-driver_1.0_all.deb"
tries "... and says so" grep -q 'rehost-driver_1.0_all.deb was installed' "$WORK/said"
kill "$server"
tries "the package's script ran in the guest" test "$(content /etc/rehost-driver.installed-on)" = canonical
tries "dpkg knows it" dpkg_knows_it
tries "what it brought was planned for: its blacklist does not keep the disk's driver out" test "$(content /etc/modprobe.d/rehost-driver.conf)" != 'blacklist virtio_blk'
tries "its file is not left behind" test -z "$(packages_left)"
tries "a second fix does not install it again" ends_with 0 "nothing has to be changed" with_packages
tries "... and says nothing of it" sh -c "! grep -q 'was installed' '$WORK/said'"
must "dpkg cannot read what is installed" mounted rw sh -c "cd '$MOUNT/var/lib/dpkg' && mv status status.own && echo nonsense >status"
tries "then it is no answer that the package is not there" ends_with 1 "ask dpkg whether rehost-driver is installed" fix --undo
must "... and the package stays" is_there /etc/modprobe.d/rehost-driver.conf
must "dpkg can be asked again" mounted rw mv "$MOUNT/var/lib/dpkg/status.own" "$MOUNT/var/lib/dpkg/status"
must "all is taken back" ends_with 0 "taken back" fix --undo
tries "the package is gone" is_gone /etc/modprobe.d/rehost-driver.conf
tries "... with what its script left" is_gone /etc/rehost-driver.installed-on
tries "there is nothing more to take back" ends_with 1 "nothing to take back" fix --undo
tap_done

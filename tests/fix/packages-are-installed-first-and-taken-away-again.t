#!/bin/bash
# Packages that are handed in are installed by the guest's own dpkg before anything is planned: what they bring is planned for. A package that cannot be
# installed changes nothing.
set -euo pipefail
# shellcheck source=tests/fix/lib/fix.sh
. "$(dirname "$0")/lib/fix.sh"
# shellcheck source=tests/fix/lib/packages.sh
. "$(dirname "$0")/lib/packages.sh"
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

dpkg_knows_it() { mounted ro,noload chroot "$MOUNT" dpkg --status rehost-driver | grep -x 'Status: install ok installed'; }
lose_status() { mv "$MOUNT/var/lib/dpkg/status" "$MOUNT/var/lib/dpkg/status.own" && echo nonsense >"$MOUNT/var/lib/dpkg/status"; }
find_status() { mv "$MOUNT/var/lib/dpkg/status.own" "$MOUNT/var/lib/dpkg/status"; }

package rehost-wants-more 'Depends: what-is-nowhere'
refused_claims

package rehost-driver
tries "a dry run installs nothing" ends_with 0 "+UUID=" with_packages --dry-run
tries "... and leaves nothing behind" is_gone /etc/modprobe.d/rehost-driver.conf
must "a web server has it" serve
must "the fix fetches and installs the package, and is carried out" ends_with 0 "nothing is left to be changed" fix --packages "${url}rehost-driver_1.0_all.deb"
installed_claims rehost-driver_1.0_all.deb
kill "$server"
tries "dpkg knows it" dpkg_knows_it
taken_back_claims dpkg lose_status find_status
tap_done

#!/bin/bash
# As packages-are-installed-first-and-taken-away-again.t, for packages of RPM: the guest's rpm is the one of this machine, laid into a Debian with the
# libraries that it needs, and a database of its own.
set -euo pipefail
# shellcheck source=tests/fix/lib/fix.sh
. "$(dirname "$0")/lib/fix.sh"
# shellcheck source=tests/fix/lib/packages.sh
. "$(dirname "$0")/lib/packages.sh"
for program in rpm rpmdb rpmbuild ldd; do command -v "$program" >/dev/null || skip_all "$program is not installed"; done
needs_guest "${GUEST:-debian12}"

# lay_rpm: below /opt with its own loader, as the guest's libc is another one. Debian's rpm keeps its database in the home directory otherwise.
lay_rpm() {
    local opt=$MOUNT/opt/rpm libraries
    mkdir -p "$opt/lib" "$MOUNT/usr/lib/rpm" "$MOUNT/etc/rpm" "$MOUNT/var/lib/rpm"
    libraries=$(ldd "$(command -v rpm)" | grep -o '/[^ ]*')
    # shellcheck disable=SC2086  # words
    cp -L $libraries "$opt/lib/"
    cp -L "$(command -v rpm)" "$opt/"
    cp -RL /usr/lib/rpm/. "$MOUNT/usr/lib/rpm/"
    echo '%_dbpath /var/lib/rpm' >"$MOUNT/etc/rpm/macros"
    printf '#!/bin/sh\nexec /opt/rpm/lib/%s --library-path /opt/rpm/lib /opt/rpm/rpm "$@"\n' "$(basename "$(grep -m 1 ld-linux <<<"$libraries")")" >"$MOUNT/usr/bin/rpm"
    chmod 755 "$MOUNT/usr/bin/rpm"
    rpmdb --dbpath "$MOUNT/var/lib/rpm" --initdb
}

# package NAME [SPEC-LINE]…: with a driver's options for modprobe, and a script that leaves a mark of where it ran.
package() {
    local name=$1
    shift
    mkdir -p "$WORK/packages"
    {
        printf '%s\n' "Name: $name" "Version: 1.0" "Release: 1" "Summary: $name" "License: none" "BuildArch: noarch" "$@" "%description" "$name"
        printf '%s\n' "%install" "mkdir -p %{buildroot}/etc/modprobe.d" "echo 'blacklist virtio_blk' >%{buildroot}/etc/modprobe.d/$name.conf"
        printf '%s\n' "%post" "cat /etc/hostname >/etc/$name.installed-on" "%postun" "rm -f /etc/$name.installed-on" "%files" "/etc/modprobe.d/$name.conf"
    } >"$WORK/$name.spec"
    rpmbuild -bb --quiet --define "_topdir $WORK/rpmbuild" --define "_rpmdir $WORK/packages" --define "_rpmfilename %{NAME}-%{VERSION}.rpm" "$WORK/$name.spec"
}

in_guest() { mounted rw chroot "$MOUNT" "$@"; }
rpm_knows() { in_guest rpm --query --all | grep -Fx "$1"; }
rpm_knows_itself_alone() { test "$(in_guest rpm --query --all)" = rpm-1.0-1.noarch; }
is_known() { rpm --dbpath "$MOUNT/var/lib/rpm" --install --justdb --nodeps --ignoresize "$WORK/packages/$1-1.0.rpm"; }
lose_database() { mv "$MOUNT/var/lib/rpm" "$MOUNT/var/lib/rpm.own" && mkdir "$MOUNT/var/lib/rpm"; }
find_database() { rm -r "$MOUNT/var/lib/rpm" && mv "$MOUNT/var/lib/rpm.own" "$MOUNT/var/lib/rpm"; }

must "the guest has rpm" mounted rw lay_rpm
must "... as a package, too, which brings a shell for the scripts of others" package rpm 'Provides: /bin/sh'
must "... that its database knows" mounted rw is_known rpm
rm "$WORK"/packages/*
must "a package is made" package rehost-wants-more 'Requires: what-is-nowhere'
refused_claims

must "two more are made, of which one needs the other" package rehost-driver 'Requires: rehost-firmware'
must "... the other" package rehost-firmware
must "the fix installs both, and is carried out" ends_with 0 "nothing is left to be changed" with_packages
installed_claims rehost-driver-1.0.rpm
tries "rpm knows it" rpm_knows rehost-driver-1.0-1.noarch
taken_back_claims rpm lose_database find_database
tries "the other package is gone, too" is_gone /etc/modprobe.d/rehost-firmware.conf
tries "... and rpm knows of them no more" rpm_knows_itself_alone
tap_done

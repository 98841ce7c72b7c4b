# shellcheck shell=bash
# Packages that are handed in, whatever installs them: rehost-driver, which keeps a driver out and leaves a mark of where its script ran, and
# rehost-wants-more, which nothing can install. The test makes them in $WORK/packages.

with_packages() { fix --packages "$WORK/packages" "$@"; }
content() { mounted ro,noload cat "$MOUNT$1"; }
is_there() { mounted ro,noload test -e "$MOUNT$1"; }
is_gone() { ! is_there "$1"; }
packages_left() { mounted ro,noload find "$MOUNT/var/lib/rehost/packages" -name '*.deb' -o -name '*.rpm'; }

# refused_claims: of rehost-wants-more, which goes afterwards.
refused_claims() {
    must "a package that cannot be installed is a blocker" ends_with 3 "what-is-nowhere" with_packages
    tries "... that says what to do" grep -q 'taken away again' "$WORK/said"
    tries "... and nothing of it stays" is_gone /etc/modprobe.d/rehost-wants-more.conf
    tries "... and nothing else was changed" ends_with 0 "+UUID=" fix --dry-run
    rm "$WORK"/packages/*
}

# installed_claims FILE: of rehost-driver, just installed from that file.
installed_claims() {
    tries "... and says so" grep -q "$1 was installed" "$WORK/said"
    tries "the package's script ran in the guest" test "$(content /etc/rehost-driver.installed-on)" = canonical
    tries "what it brought was planned for: its blacklist does not keep the disk's driver out" test "$(content /etc/modprobe.d/rehost-driver.conf)" != 'blacklist virtio_blk'
    tries "its file is not left behind" test -z "$(packages_left)"
    tries "a second fix does not install it again" ends_with 0 "nothing has to be changed" with_packages
    tries "... and says nothing of it" sh -c "! grep -q 'was installed' '$WORK/said'"
}

# taken_back_claims MANAGER LOSE FIND: LOSE takes from the manager what it knows of packages, and FIND gives it back.
taken_back_claims() {
    must "$1 has lost what it knows" mounted rw "$2"
    tries "then it is no answer that the package is not there" ends_with 1 "ask $1 whether" fix --undo
    must "... and the package stays" is_there /etc/modprobe.d/rehost-driver.conf
    must "$1 knows it again" mounted rw "$3"
    must "all is taken back" ends_with 0 "taken back" fix --undo
    tries "the package is gone" is_gone /etc/modprobe.d/rehost-driver.conf
    tries "... with what its script left" is_gone /etc/rehost-driver.installed-on
    tries "there is nothing more to take back" ends_with 1 "nothing to take back" fix --undo
}

# shellcheck shell=bash disable=SC2154  # $suite is set by GUEST.guest, $HERE and $CACHE by build
# The root of a suite, made once by mmdebstrap.

# What every guest has. (The rest of a Debian server has nothing to do with its move.)
PACKAGES=linux-image-amd64,systemd-sysv,udev,openssh-server,ifupdown,grub-pc,initramfs-tools,iproute2,zstd,kmod,e2fsprogs

# debian_mirror: the Debian mirror of the host's own apt, so that a local one is used; any Debian mirror otherwise.
debian_mirror() {
    local site
    # shellcheck disable=SC2016  # $(SITE) is apt's
    site=${REHOST_MIRROR:-$(apt-get indextargets --format '$(SITE)' 2>/dev/null | grep -E '/debian/?$' | head -n 1)} || true
    echo "${site:-http://deb.debian.org/debian}"
}

# root_tarball: its path; made when it is not there.
root_tarball() {
    local tarball
    tarball=$CACHE/$suite-$(digest_of "$HERE/builder/root.sh" </dev/null).tar.zst
    (
        flock 9
        if [ ! -e "$tarball" ]; then root_make "$tarball" >&2; fi
    ) 9>"$CACHE/$suite.lock"
    echo "$tarball"
}

# Documentation is left out for size. INITRD=No: the initramfs of a machine that nobody has is not made.
root_make() {
    say "installing $suite from packages"
    INITRD=No mmdebstrap --mode=root --variant=minbase --components=main --include="$PACKAGES" --format=tar \
        --aptopt='Acquire::Check-Valid-Until "false"' --dpkgopt='path-exclude=/usr/share/doc/*' \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
        "$suite" - "$(debian_mirror)" | zstd -q -3 -T0 -o "$1.new" -f
    mv "$1.new" "$1"
}

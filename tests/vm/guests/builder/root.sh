# shellcheck shell=bash disable=SC2154  # $suite and $more_packages are set by GUEST.guest, *_packages by its parts, $HERE and $CACHE by build
# The root of a suite, made once by mmdebstrap.

# What every guest has. (The rest of a Debian server has nothing to do with its move.)
PACKAGES=udev,openssh-server,ifupdown,iproute2,zstd,kmod,e2fsprogs

# root_packages: with the kernel and init, which a guest of another architecture or without systemd names itself; the loader and the initrd
# builder of this guest, each of which brings one of both; and with what its network and its layout need.
root_packages() {
    local all=${kernel_and_init:-linux-image-amd64,systemd-sysv},$PACKAGES,$loader_packages
    all+=${network_packages:+,$network_packages}${more_packages:+,$more_packages}
    echo "$all"
}

# debian_mirror: REHOST_MIRROR, which build.sh sets; else the Debian mirror of the host's own apt. No host is named here.
debian_mirror() {
    local site
    # shellcheck disable=SC2016  # $(SITE) is apt's
    site=${REHOST_MIRROR:-$(apt-get indextargets --format '$(SITE)' | grep -E -m 1 '/debian/?$')} || true
    if [ -z "$site" ]; then
        say "apt knows no Debian mirror here: run 'apt-get update', or set REHOST_MIRROR"
        return 1
    fi
    echo "$site"
}

# root_tarball: its path; made when it is not there.
root_tarball() {
    local tarball
    tarball=$CACHE/$suite-$({ echo "${architecture:-amd64}"; root_packages; } | digest_of "$HERE/builder/root.sh").tar.zst
    (
        flock 9
        if [ ! -e "$tarball" ]; then root_make "$tarball" >&2; fi
        touch "$tarball"
        forget_unused '*.tar.zst*' $((7 * 24 * 60))
    ) 9>"$CACHE/$suite.lock"
    echo "$tarball"
}

# A processor of 64 bits runs programs of 32: mmdebstrap need not find that out (check/qemu). Documentation is left out for size. INITRD=No: the initramfs of a machine that nobody has is not made.
root_make() {
    local mirror packages
    mirror=$(debian_mirror)
    packages=$(root_packages)
    say "installing $suite from packages"
    INITRD=No mmdebstrap --mode=root --variant=minbase --components=main --architectures="${architecture:-amd64}" --skip=check/qemu --include="$packages" --format=tar \
        --aptopt='Acquire::Check-Valid-Until "false"' --dpkgopt='path-exclude=/usr/share/doc/*' \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
        "$suite" - "$mirror" | zstd -q -3 -T0 -o "$1.new" -f
    mv "$1.new" "$1"
}

# shellcheck shell=bash
# shellcheck disable=SC2154 # top, cache and scratch come from build.sh
# The build root: one Debian suite, made once, cached under a name that is a digest of what it was made from.

# shellcheck source=config/suite
. "$top/config/suite"

# This machine's own package sources, whichever way they are written.
apt_sources() {
    # shellcheck disable=SC2016 # apt's own variables
    apt-get indextargets --format '$(ORIGIN) $(COMPONENT) $(SUITE) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null
}

# Sets REHOST_MIRROR and REHOST_SECURITY_MIRROR, unless the caller has. The repository names no host: it takes the one in use here.
mirror_find() {
    : "${REHOST_MIRROR:=$(apt_sources | awk '$1 == "Debian" && $2 == "main" && $3 !~ /security|updates|backports/ {print $4; exit}')}"
    : "${REHOST_SECURITY_MIRROR:=$(apt_sources | awk '$1 == "Debian" && $2 == "main" && $3 ~ /security/ {print $4; exit}')}"
    [ -n "$REHOST_MIRROR" ] || die "this machine's apt knows no Debian mirror" \
        "Run 'apt-get update' first; on a system other than Debian give one: REHOST_MIRROR=http://… ./build.sh"
    export REHOST_MIRROR REHOST_SECURITY_MIRROR
}

root_sources() {
    local area=main
    printf '%s\n' "deb $REHOST_MIRROR $SUITE $area" "deb-src $REHOST_MIRROR $SUITE $area" \
        "deb $REHOST_MIRROR $SUITE-updates $area" "deb-src $REHOST_MIRROR $SUITE-updates $area"
    [ -z "$REHOST_SECURITY_MIRROR" ] || printf '%s\n' "deb $REHOST_SECURITY_MIRROR $SUITE-security $area" \
        "deb-src $REHOST_SECURITY_MIRROR $SUITE-security $area"
}

# How this machine reaches its mirror (proxy, age checks) holds for the root's apt as well.
root_apt_options() {
    apt-config dump | grep -E '^Acquire::(https?::Proxy|Check-Valid-Until|Check-Date|Retries)' || true
    printf '%s\n' 'Acquire::Languages "none";' 'APT::Install-Recommends "false";'
}

root_packages() { list "$top"/config/packages/{build,image,test}.list | sort -u | paste -sd,; }

root_key() {
    key_of "$(cat "$top/config/suite" "$top/config/packages/unpacked.list" "$top/tools/build/unpack")" "$(root_packages)"
}

ROOT_MIB=3000 # of one root, and of what makes it

root_has_room() {
    local free
    free=$(df --output=avail --block-size=1M "$cache" | tail -n 1 | tr -d ' ')
    [ "$free" -ge "$ROOT_MIB" ] || die "$free MB are free in $cache, and the build root takes $ROOT_MIB" \
        "Make room there, or name a folder that has more: XDG_CACHE_HOME=FOLDER ./build.sh"
}

root_make() {
    local new=$root.new-$$ options=() option
    root_has_room
    while IFS= read -r option; do options+=("--aptopt=$option"); done < <(root_apt_options)
    note "Making the build root (once; about four minutes)"
    root_sources | cmd mmdebstrap --mode=root --variant=apt --skip=cleanup/apt/lists "${options[@]}" \
        --include="$(root_packages)" --customize-hook="$top/tools/build/unpack \"\$1\" $top" \
        "$SUITE" "$new" - \
        || { rm -rf "$new"; die "the build root could not be made" \
            "The lines above say why: a package that failed, or a mirror that does not have $SUITE." \
            "If the mirror is out of reach, run 'apt-get update' and try again."; }
    mkdir -p "$new/src" "$new/cache"
    mv -T "$new" "$root" 2>/dev/null || rm -rf "$new" # another build was first
    root_forget_old
}

# Roots of former package lists would fill the disk within weeks.
root_forget_old() {
    local old
    for old in "$cache"/root-*; do
        [ "$old" = "$root" ] || [ -n "$(find "$old" -maxdepth 0 -newermt '-14 days')" ] || cmd rm -rf "$old"
    done
}

root_ready() {
    root=$cache/root-$(root_key)
    [ -d "$root" ] && return
    mirror_find
    ( flock 9; if [ ! -d "$root" ]; then root_make; fi ) 9>"$cache/root.lock"
}

# in_root COMMAND...: runs it in the root, with the work tree at /src and the cache at /cache, both writable; the root itself is not.
in_root() {
    mirror_find
    REHOST_ROOT=$root REHOST_TOP=$top REHOST_CACHE=$cache REHOST_SCRATCH=$scratch \
        cmd unshare --mount --pid --fork --kill-child --propagation private "$top/tools/build/enter" "$@"
}

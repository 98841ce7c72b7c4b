# shellcheck shell=bash
# shellcheck disable=SC2154,SC2164 # top comes from inside, source and patches from the recipes; -e is set there
# Static libraries and tools against musl, from the suite's source packages. Runs in the build root.
# Each recipe in tools/build/libs has a cache entry of its own: a changed recipe builds one, not all.

# Where 'make' and the image look: every recipe's results merged, named by what went in.
# libs_prefix: prints it.
libs_prefix() {
    local recipe keys=()
    for recipe in "$top"/tools/build/libs/*.sh; do keys+=("$(recipe_key "$recipe")"); done
    echo "/cache/prefix-$(key_of "${keys[@]}")"
}

# The newest version of a source package whose files are all at hand: a mirror may lack single ones.
# source_versions SOURCE: newest first.
source_versions() {
    apt-cache showsrc --only-source "$1" 2>/dev/null | sed -n 's/^Version: //p' | sort -u | sort -rV
}

# The compiler and the kernel's headers are inputs as well; the rest of the root is not.
recipe_key() {
    local source=
    # shellcheck source=/dev/null
    source=$(. "$1"; echo "$source")
    key_of "$(list "$1")" "$(declare -f recipe_source recipe_build source_fetch source_unpack compiler_make)" "$(source_versions "$source")" \
        "$([ "$source" != busybox ] || cat "$top/config/busybox.config")" \
        "$(dpkg-query -W gcc musl-dev linux-libc-dev binutils)"
}

# A signature (.asc) may be missing too, and apt-get source would fail for it; apt's own index has the digests of the others.
source_fetch() {
    local uri name hash
    apt-get source --print-uris --only-source "$1=$2" | sed -n "s/^'\([^']*\)' \([^ ]*\) [0-9]* \(.*\)/\1 \2 \3/p" |
        while read -r uri name hash; do
            case $name in *.asc) continue ;; esac
            cmd /usr/lib/apt/apt-helper -oAPT::Sandbox::User=root download-file "$uri" "$name" "$hash" || return 1
        done
}

# source_unpack SOURCE PATCHES(yes|no): into the current folder's tree/.
source_unpack() {
    local debian patch
    mkdir tree
    tar -xf "$(echo "$1"_*.orig.tar.*)" -C tree --strip-components=1 || return
    [ "$2" = yes ] || return 0
    debian=$(echo "$1"_*.debian.tar.*)
    tar -xf "$debian" -C tree || return
    while read -r patch; do
        cmd patch -d tree -p1 -s -i "debian/patches/$patch" || return
    done < <(list tree/debian/patches/series)
}

# recipe_source SOURCE PATCHES: sets $version to what could be had whole.
recipe_source() {
    for version in $(source_versions "$1"); do
        rm -rf ./*
        source_fetch "$1" "$version" && source_unpack "$1" "$2" && return
        echo "The mirror has no whole source of $1 $version; trying the one before." >&2
    done
    die "no source of $1 is whole on the mirror" "Try another one: REHOST_MIRROR=http://… ./build.sh libs"
}

# kernel_headers FOLDER: links to the kernel's headers, which musl does not bring.
kernel_headers() {
    local name
    mkdir -p "$1"
    for name in linux asm-generic mtd rdma sound video misc xen; do ln -sfT "/usr/include/$name" "$1/$name"; done
    ln -sfT "/usr/include/$(gcc -print-multiarch)/asm" "$1/asm"
}

# A compiler that finds them. -idirafter: after musl's own.
compiler_make() {
    kernel_headers kernel-headers
    printf '#!/bin/sh\nexec musl-gcc -idirafter %q "$@"\n' "$PWD/kernel-headers" >cc
    chmod +x cc
}

# recipe_build FILE PREFIX: in a process of its own, as recipes set variables and change folders.
recipe_build() (
    recipe=$1 final=$2 version=
    prefix=$final.new work=$(mktemp -d)
    cd "$work"
    # shellcheck source=/dev/null
    . "$recipe"
    note "Building $source, static against musl"
    compiler_make
    # shellcheck disable=SC2034 # for the recipes
    CC=$work/cc CFLAGS="-O2 -ffile-prefix-map=$work=. -fno-strict-aliasing" HOST=$(gcc -print-multiarch | sed 's/gnu/musl/')
    export CC CFLAGS HOST
    rm -rf "$prefix" # of a build that was cut off
    mkdir source "$prefix"
    cd source
    recipe_source "$source" "$patches"
    cd tree
    build
    printf '%s %s\n' "$source" "$version" >"$prefix/source"
    cp debian/copyright "$prefix/copyright" 2>/dev/null || tar -xOf "$(echo ../"$source"_*.debian.tar.*)" debian/copyright >"$prefix/copyright"
    mv -T "$prefix" "$final"
)

libs_merge() {
    local prefix=$1 new=$1.new entry
    shift
    rm -rf "$new"
    mkdir -p "$new/sources"
    for entry in "$@"; do
        cp -a "$entry"/. "$new"
        mv "$new/source" "$new/sources/$(cut -d' ' -f1 "$entry/source")"
        mv "$new/copyright" "$new/sources/$(cut -d' ' -f1 "$entry/source").copyright"
    done
    kernel_headers "$new/kernel-headers"
    mv -T "$new" "$prefix"
}

libs_build() {
    local recipe entry entries=() prefix
    prefix=$(libs_prefix)
    mkdir -p /cache/libs
    for recipe in "$top"/tools/build/libs/*.sh; do
        entry=/cache/libs/$(basename "$recipe" .sh)-$(recipe_key "$recipe")
        # Not "[ -d ] || recipe_build": the shell would no longer stop at a failed command inside.
        ( flock 9; if [ ! -d "$entry" ]; then recipe_build "$recipe" "$entry"; fi ) 9>"$entry.lock"
        entries+=("$entry")
    done
    ( flock 9; if [ ! -d "$prefix" ]; then libs_merge "$prefix" "${entries[@]}"; fi ) 9>"$prefix.lock"
}

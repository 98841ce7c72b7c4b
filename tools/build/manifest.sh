# shellcheck shell=bash
# shellcheck disable=SC2154 # top comes from inside
# out/manifest.json: what is in the image and on the media, package by package, with versions and licences. Runs in the build root.

# One name for a file, whichever side of the merged /usr a package has it on.
usr_path() { sed -E 's,^\.?/?(bin|sbin|lib|lib64)/,usr/\1/,; s,^\.?/,,; s,^usr/sbin/,usr/bin/,'; }

# Which package owns which file: "PATH<tab>PACKAGE", of the installed and of the unpacked.
owners() {
    local file package
    for file in /var/lib/dpkg/info/*.list /var/lib/rehost/*.list; do
        package=$(basename "$file" .list)
        usr_path <"$file" | sed "s|\$|\t${package%%:*}|"
    done
    # Put together by the package's script from its own files.
    printf 'etc/ssl/certs/ca-certificates.crt\tca-certificates\n'
}

# Regular files only: a link named "ls" is busybox's, not that of the package which has a program of that name.
image_files() {
    local tree
    tree=$(mktemp -d)
    image_unpack "$1" "$tree"
    find "$tree" -type f -printf '%P\n' | usr_path
    rm -rf "$tree"
}

# What the media add to the initramfs and where it comes from.
media_files() {
    printf '%s\n' "boot/vmlinuz-$(kernel_version)" usr/lib/shim/shimx64.efi.signed usr/lib/shim/mmx64.efi.signed \
        usr/lib/grub/x86_64-efi-signed/gcdx64.efi.signed usr/lib/ISOLINUX/isolinux.bin usr/lib/ISOLINUX/isohdpfx.bin \
        usr/lib/syslinux/modules/bios/ldlinux.c32 usr/lib/PXELINUX/pxelinux.0
}

# The licences that a copyright file names, one per line; "unknown" when it names none in a form that can be read.
licences() {
    local found
    [ -e "$1" ] || { echo unknown; return; }
    found=$( { sed -nE 's/^License: *([^ ].*)/\1/p' "$1" | sed -E 's/ (and|or|with) .*//I; s/[, ].*//'
               sed -nE 's,.*/usr/share/common-licenses/([A-Za-z]+-[0-9.]*[0-9]).*,\1,p' "$1"; } |
        sed -E -f "$top/config/licences.sed" | sort -u)
    echo "${found:-unknown}"
}

# package_versions PACKAGE: "version<tab>source<tab>source version"
package_versions() {
    if [ -e "/var/lib/rehost/$1.control" ]; then
        awk -v OFS='\t' '/^Version:/ {v = $2; if (sv == "") sv = $2} /^Package:/ {if (s == "") s = $2}
            /^Source:/ {s = $2; if ($3 != "") {sv = $3; gsub(/[()]/, "", sv)}} END {print v, s, sv}' "/var/lib/rehost/$1.control"
    else
        dpkg-query -W -f '${Version}\t${source:Package}\t${source:Version}\n' "$1" | head -n1
    fi
}

# package_json NAME VERSION SOURCE SOURCE-VERSION HOW COPYRIGHT-FILE, and its files on stdin
package_json() {
    jq -R . | jq -s --arg name "$1" --arg version "$2" --arg source "$3" --arg source_version "$4" --arg how "$5" \
        --argjson licences "$(licences "$6" | jq -R . | jq -s .)" \
        '{name: $name, version: $version, source: $source, source_version: $source_version, built: $how, licences: $licences, files: .}'
}

binary_packages() {
    local owned=$1 package version source source_version
    cut -f2 "$owned" | sort -u | while read -r package; do
        IFS=$'\t' read -r version source source_version < <(package_versions "$package")
        awk -F'\t' -v p="$package" '$2 == p {print $1}' "$owned" |
            package_json "$package" "$version" "$source" "$source_version" "by Debian" "/usr/share/doc/$package/copyright"
    done
}

# Those built here: the version is that of the newest source that the mirror had whole.
source_packages() {
    local prefix=$1 file name version
    for file in "$prefix"/sources/*.copyright; do
        read -r name version <"${file%.copyright}"
        static_files "$name" |
            package_json "$name" "$version" "$name" "$version" "here, static against musl$(source_note "$name" "$version")" "$file"
    done
}

# source_note NAME VERSION: says so when the mirror lists a newer source, of which a file is missing.
source_note() {
    local newest
    newest=$(source_versions "$1" | sed -n 1p)
    [ "$newest" = "$2" ] || echo "; the source of the newer $newest is not whole on the mirror"
}

static_files() {
    case $1 in
    busybox) echo usr/bin/busybox ;;
    e2fsprogs) printf '%s\n' usr/bin/{e2fsck,resize2fs,tune2fs,mke2fs,dumpe2fs,debugfs} etc/mke2fs.conf ;;
    *) echo usr/bin/rehost ;; # linked into it
    esac
}

# manifest_build OUT
manifest_build() {
    local out=$1 work
    work=$(mktemp -d)
    owners | sort -u >"$work/owners"
    { image_files "$out/initramfs.img"; media_files; } | sort -u >"$work/files"
    # Static tools replace files of the same name in packages of the build root.
    { static_files busybox; static_files e2fsprogs; static_files rehost; } | sort -u >"$work/static"
    comm -23 "$work/files" "$work/static" | join -t "$(printf '\t')" - "$work/owners" |
        while IFS=$'\t' read -r file package; do [ -d "/$file" ] || printf '%s\t%s\n' "$file" "$package"; done >"$work/owned"
    { binary_packages "$work/owned"; source_packages "$(libs_prefix)"; } |
        jq -s --arg suite "$SUITE" '{version: 1, suite: $suite, packages: sort_by(.name)}' >"$out/manifest.json.new"
    mv "$out/manifest.json.new" "$out/manifest.json"
    rm -rf "$work"
}

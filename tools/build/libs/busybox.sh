# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154,SC2164 # variables go to and come from libs.sh, which also sets -e
# The appliance's init, shell and small tools.
source=busybox
patches=yes

# Each line of the fragment replaces the default's; 'make oldconfig' then settles what depends on it.
configure() {
    cmd make defconfig
    local line name
    while IFS= read -r line; do
        name=${line%%=*}
        sed -i "/^$name=/d; /^# $name is not set/d" .config
        [ "${line#*=}" = n ] && line="# $name is not set"
        printf '%s\n' "$line" >>.config
    done < <(list "$top/config/busybox.config")
    set +o pipefail # 'yes' ends by a closed pipe
    yes '' | cmd make oldconfig >/dev/null
    set -o pipefail
}

# A dynamic one would not start in the image, which has no musl: the kernel would only say "No working init found".
busybox_is_static() {
    file busybox | grep -q 'statically linked' || die "busybox came out dynamic" "Look at CONFIG_STATIC in config/busybox.config."
}

# Its banner names a time: that of the source, as this is kept and used for later commits, and must be what any other machine builds.
banner_has_the_time_of_the_source() {
    LC_ALL=C grep -aq "$(TZ=UTC date -d "@$SOURCE_DATE_EPOCH" '+BusyBox v.* (%F %T UTC)')" busybox ||
        die "busybox names the time of its build" "Look at what scripts/kconfig/confdata.c makes of SOURCE_DATE_EPOCH."
}

build() {
    SOURCE_DATE_EPOCH=$(dpkg-parsechangelog -S Timestamp)
    export SOURCE_DATE_EPOCH # for configure, which writes the banner's time
    configure
    cmd make -j"$(nproc)" CC="$CC" HOSTCC=gcc EXTRA_CFLAGS="$CFLAGS" busybox
    busybox_is_static
    banner_has_the_time_of_the_source
    cmd install -Ds -t "$prefix/bin" busybox
    ./busybox --list >"$prefix/applets"
}

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

build() {
    configure
    # KCONFIG_NOTIMESTAMP: the build's time would end in 'busybox --help'.
    cmd make -j"$(nproc)" CC="$CC" HOSTCC=gcc KCONFIG_NOTIMESTAMP=1 EXTRA_CFLAGS="$CFLAGS" busybox
    busybox_is_static
    cmd install -Ds -t "$prefix/bin" busybox
    ./busybox --list >"$prefix/applets"
}

# shellcheck shell=bash
# shellcheck disable=SC2154 # ARCH comes from config/suite
# The machine that builds: a Debian or Ubuntu with apt; what it lacks is installed.

host_missing() {
    local package
    while read -r package; do
        dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || echo "$package"
    done < <(list "$top/config/packages/host.list")
}

host_ready() {
    command -v apt-get >/dev/null || die "this machine has no apt-get" "Build on Debian or Ubuntu, of any release of the last years."
    [ "$(dpkg --print-architecture)" = "$ARCH" ] || die "this machine is not $ARCH" "Build on an $ARCH machine."
    local missing
    mapfile -t missing < <(host_missing)
    [ ${#missing[@]} -gt 0 ] || return 0
    note "Installing what this machine lacks: ${missing[*]}"
    cmd apt-get update -q
    DEBIAN_FRONTEND=noninteractive cmd apt-get install -qy --no-install-recommends "${missing[@]}" ||
        die "apt-get could not install ${missing[*]}" "Install them by hand, then run this again."
}

host() { host_ready; }

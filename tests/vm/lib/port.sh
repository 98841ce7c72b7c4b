# shellcheck shell=bash
# TCP ports of the host's loopback. Tests run side by side, so a port is reserved by a directory until the test ends.

PORT_FIRST=${REHOST_PORT_FIRST:-12000}
PORT_COUNT=1000
PORT_DIR=${TMPDIR:-/tmp}/rehost-ports
PORTS_HELD=()

# port_reserve VARIABLE: a free port, reserved for this process. (Not by standard output: a subshell could not keep it.)
port_reserve() {
    local try candidate
    mkdir -p "$PORT_DIR"
    for try in $(seq 200); do
        candidate=$((PORT_FIRST + (RANDOM + try) % PORT_COUNT))
        if port_take "$candidate"; then
            PORTS_HELD+=("$candidate")
            printf -v "$1" '%s' "$candidate"
            return 0
        fi
    done
    echo "no free port among $PORT_FIRST-$((PORT_FIRST + PORT_COUNT - 1))" >&2
    return 1
}

# port_take PORT: true if the port was nobody's and is now ours. A reservation of a process that is gone is void.
port_take() {
    local owner
    if ! mkdir "$PORT_DIR/$1" 2>/dev/null; then
        owner=$(cat "$PORT_DIR/$1/pid" 2>/dev/null) || return 1
        [ -n "$owner" ] && [ ! -d "/proc/$owner" ] || return 1
    fi
    echo $$ >"$PORT_DIR/$1/pid"
    if port_answers "$1"; then
        rm -rf "${PORT_DIR:?}/$1"
        return 1
    fi
}

port_answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

port_release_all() {
    local port
    for port in "${PORTS_HELD[@]}"; do rm -rf "${PORT_DIR:?}/$port"; done
}

# shellcheck shell=bash
# TCP ports of the host's loopback. Tests run side by side, and so do builds: a port is reserved by the lock on a file that all of them
# share. The lock ends with the test and what it has started.

PORT_FIRST=${REHOST_PORT_FIRST:-12000}
PORT_COUNT=1000
PORT_DIR=${REHOST_CACHE:-${TMPDIR:-/tmp}}/ports

# port_reserve VARIABLE: a free port, reserved for this process. (Not by standard output: a subshell could not keep it.)
port_reserve() {
    local try candidate
    mkdir -p "$PORT_DIR"
    for try in $(seq 200); do
        candidate=$((PORT_FIRST + (RANDOM + try) % PORT_COUNT))
        if port_take "$candidate"; then
            printf -v "$1" '%s' "$candidate"
            return 0
        fi
    done
    echo "no free port among $PORT_FIRST-$((PORT_FIRST + PORT_COUNT - 1))" >&2
    return 1
}

# port_take PORT: true if the port was nobody's and is now ours.
port_take() {
    local lock
    exec {lock}>"$PORT_DIR/$1"
    if ! flock -n "$lock" || port_answers "$1"; then
        exec {lock}>&-
        return 1
    fi
}

port_answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

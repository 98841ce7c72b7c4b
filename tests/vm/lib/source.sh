# shellcheck shell=bash
# Source disks, served by an unmodified qemu-nbd that may only read, on the host's loopback (10.0.2.2 in the guests).

SOURCES=()

# source_serve NAME IMAGE PORT [BYTES-PER-SECOND]: at full speed, or as over a slow line.
source_serve() {
    local what=(--format=raw "$2")
    if [ -n "${4:-}" ]; then
        what=(--object "throttle-group,id=line,x-bps-read=$4"
            --image-opts "driver=throttle,throttle-group=line,file.driver=raw,file.file.driver=file,file.file.filename=$2")
    fi
    qemu-nbd --read-only --persistent --shared=16 --bind=127.0.0.1 --port="$3" "${what[@]}" >"$WORK/$1.nbd.log" 2>&1 </dev/null &
    echo $! >"$WORK/$1.nbd.pid"
    SOURCES+=("$1")
    source_wait "$1" "$3"
}

source_wait() {
    local try
    for try in $(seq 100); do
        if port_answers "$2"; then return 0; fi
        kill -0 "$(cat "$WORK/$1.nbd.pid")" 2>/dev/null || break
        sleep 0.1
    done
    echo "qemu-nbd for $1 does not answer (after $try looks): $(cat "$WORK/$1.nbd.log")" >&2
    return 1
}

# source_kill NAME: the source vanishes.
source_kill() {
    local pid
    [ -e "$WORK/$1.nbd.pid" ] || return 0
    pid=$(cat "$WORK/$1.nbd.pid")
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    rm -f "$WORK/$1.nbd.pid"
}

source_stop_all() {
    local name
    for name in "${SOURCES[@]}"; do source_kill "$name"; done
}

# image_digest FILE
image_digest() { sha256sum "$1" | cut -d ' ' -f 1; }

# image_is FILE DIGEST: true if the file is bit for bit what it was.
image_is() {
    local now
    now=$(image_digest "$1")
    [ "$now" = "$2" ] || { echo "$1 was changed: $now instead of $2"; return 1; }
}

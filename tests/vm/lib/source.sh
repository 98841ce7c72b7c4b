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
    source_run "$1" "$3" qemu-nbd --read-only --persistent --shared=16 --bind=127.0.0.1 --port="$3" "${what[@]}"
}

# source_run NAME PORT COMMAND…: any server, until it takes connections.
source_run() {
    local name=$1 port=$2
    shift 2
    "$@" >"$WORK/$name.server.log" 2>&1 </dev/null &
    echo $! >"$WORK/$name.server.pid"
    SOURCES+=("$name")
    source_wait "$name" "$port"
}

source_wait() {
    local try
    for try in $(seq 600); do
        if port_answers "$2"; then return 0; fi
        kill -0 "$(cat "$WORK/$1.server.pid")" 2>/dev/null || break
        sleep 0.1
    done
    echo "the server of $1 does not answer (after $try looks): $(cat "$WORK/$1.server.log")" >&2
    return 1
}

# source_kill NAME: the source vanishes.
source_kill() {
    local pid
    [ -e "$WORK/$1.server.pid" ] || return 0
    pid=$(cat "$WORK/$1.server.pid")
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    rm -f "$WORK/$1.server.pid"
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

# certificate_make: $WORK/pki with a certificate that nobody has signed but itself; prints its fingerprint.
certificate_make() {
    mkdir -p "$WORK/pki"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=old-host -addext basicConstraints=critical,CA:FALSE \
        -keyout "$WORK/pki/server-key.pem" -out "$WORK/pki/server-cert.pem" 2>"$WORK/openssl.log"
    cp "$WORK/pki/server-cert.pem" "$WORK/pki/ca-cert.pem"
    openssl x509 -in "$WORK/pki/server-cert.pem" -noout -fingerprint -sha256 | sed 's/.*=/SHA256:/'
}

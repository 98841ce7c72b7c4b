# shellcheck shell=bash
# Waiting for what has to come. How long that takes is the machine's affair: only a test that is about to fail waits to the end.

# wait_until COMMAND…: asks until it succeeds; for two minutes.
wait_until() {
    local until=$((SECONDS + ${WAIT_SECONDS:-120}))
    until "$@"; do
        [ "$SECONDS" -lt "$until" ] || { echo "after ${WAIT_SECONDS:-120} s it is still not so: $*" >&2; return 1; }
        sleep 0.05
    done
}

# socket_listens PATH: a server listens on that Unix socket. (The file is there a moment before that.)
socket_listens() { [ -S "$1" ] && grep -q " 00010000 .* $1\$" /proc/net/unix; }

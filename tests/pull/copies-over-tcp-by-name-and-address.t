#!/bin/bash
# nbd:// reaches a server by IPv4 address, IPv6 address and name, on any port.
set -euo pipefail
# shellcheck source=tests/pull/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
needs nbdkit perl

SOURCE=$WORK/source.img
make_source "$SOURCE" $((8 * 1048576))
port_reserve PORT
start tcp nbdkit -f -r -p "$PORT" file "$SOURCE"
wait_for_port "$PORT"

tries "by IPv4 address" pulls_whole "$SOURCE" "nbd://127.0.0.1:$PORT" "$WORK/a"
tries "by name, with a slash at the end" pulls_whole "$SOURCE" "nbd://localhost:$PORT/" "$WORK/b"
if [ -f /proc/net/if_inet6 ]; then
    tries "by IPv6 address" pulls_whole "$SOURCE" "nbd://[::1]:$PORT" "$WORK/c"
fi
stop "$SERVER"
tries "nobody listens: the address and the reason are named" \
    pull_says 1 "nbd://127.0.0.1:$PORT: connect: Connection refused" "nbd://127.0.0.1:$PORT" "$WORK/d"
tries "... with what to do" grep -q 'Check that the NBD server runs' "$WORK/pull.out"
tries "... and no file was made" test ! -e "$WORK/d"
tries "a name that does not exist is named" pull_says 1 'look up nowhere.invalid' "nbd://nowhere.invalid:$PORT" "$WORK/d"
tap_done

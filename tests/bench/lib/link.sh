# shellcheck shell=bash
# A client at the far end of a link of a given rate and delay (link.c), in a network of its own. Source all.sh first.
needs nsenter cc
[ -c /dev/net/tun ] || skip_all "this machine has no /dev/net/tun"
cc -O2 -o "$WORK/link" "$BENCH_LIB/link.c"

# make_link MBIT ROUND-TRIP-MS: the client's network in $CLIENT, the server's address 10.99.0.1.
make_link() {
    start client unshare --net sleep infinity
    CLIENT=$SERVER
    start link "$WORK/link" bench-server bench-client "$1" "$(awk "BEGIN { print $2 / 2 }")"
    LINK=$SERVER
    until [ -n "$(wire bench-client)" ] && [ "$(readlink "/proc/$CLIENT/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
    ip link set bench-client netns "$CLIENT"
    ip address add 10.99.0.1/30 dev bench-server
    ip link set bench-server up
    nsenter -t "$CLIENT" -n ip address add 10.99.0.2/30 dev bench-client
    nsenter -t "$CLIENT" -n ip link set bench-client up
}

end_link() {
    stop "$LINK"
    stop "$CLIENT"
}

# through TABLE WHO COMMAND…: a client at the far end. What it received is what the server's end of the link took in to send.
through() {
    local table=$1 who=$2 before sent
    shift 2
    before=$(sent_bytes)
    measure "$table" "$who" - nsenter -t "$CLIENT" -n "$@"
    sent=$(($(sent_bytes) - before))
    sed -i "\$s/-\$/$sent/" "$WORK/runs"
}
sent_bytes() { awk '$1 == "bench-server:" { print $10 }' /proc/net/dev; }

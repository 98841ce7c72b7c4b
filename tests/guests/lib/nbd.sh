# shellcheck shell=bash
# A disk served over NBD, and the account of it that `rehost inspect` gives. Sourced after disk.sh.
needs nbdkit nbdfuse
[ -e /dev/fuse ] || skip_all "there is no /dev/fuse"

SOCKET=$WORK/socket
URI="nbd+unix:///?socket=$SOCKET" # a test may name the server by another
export SOCKET URI

# serve NBDKIT-ARGUMENT...
serve() {
    rm -f "$SOCKET"
    nbdkit --foreground --readonly --unix "$SOCKET" "$@" >"$WORK/nbdkit.log" 2>&1 &
    HELPER=$!
    wait_until socket_listens "$SOCKET" || { cat "$WORK/nbdkit.log"; return 1; }
}

stop() {
    kill "$HELPER" 2>/dev/null || true
    wait "$HELPER" 2>/dev/null || true
    HELPER=
}

# The initrd is not read over a network, and the device names differ.
account() {
    python3 - "$WORK/document" <<-'PY'
	import json, sys
	d = json.load(open(sys.argv[1]))
	for kernel in d["kernels"]:
	    del kernel["initrd"]
	del d["what"], d["remote"], d["systems"], d["disk"]["device"]
	print(json.dumps(d, indent=1, sort_keys=True))
	PY
}

the_same_account() {
    inspect "$WORK/disk"
    account >"$WORK/local"
    inspect "$URI"
    account >"$WORK/remote"
    is "$(field d.remote)" True
    diff -u "$WORK/local" "$WORK/remote"
}

# shellcheck shell=bash
# What the benches of the pull share: what the tests of the pull share, runs that are measured, and a table at the end.
# A bench runs in a network of its own, so that what crosses its interfaces is what its clients sent and received.

[ -n "${BENCH_NETWORK:-}" ] || exec env BENCH_NETWORK=own unshare --net -- "$0" "$@"
ip link set lo up

# shellcheck source=tests/pull/lib/all.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../pull/lib/all.sh"
BENCH_LIB=$(dirname "${BASH_SOURCE[0]}")
# shellcheck disable=SC2034 # for the benches
RUNS=${REHOST_BENCH_RUNS:-3} # of each row; the median counts
TIMES=$TOP/out/times  # the figures for machines
touch "$WORK/runs" "$WORK/aims"

now_ms() { date +%s%3N; }

# wire INTERFACE: how many bytes came in there until now.
wire() { awk -v of="$1:" '$1 == of { print $2 }' /proc/net/dev; }

# measure TABLE WHO INTERFACE COMMAND…: one run; INTERFACE - when nothing travels. A run that fails ends the bench.
measure() {
    local table=$1 who=$2 interface=$3 before=0 after=- cost
    shift 3
    [ "$interface" = - ] || before=$(wire "$interface")
    cost=$("$BENCH_LIB/measure.py" "$WORK/output" "$@") || { echo "$who failed: $*"; cat "$WORK/output"; exit 1; }
    [ "$interface" = - ] || after=$(($(wire "$interface") - before))
    printf '%s\t%s\t%s\t%s\n' "$table" "$who" "${cost// /$'\t'}" "$after" >>"$WORK/runs"
}

# aim TABLE TEXT FIELD WHO OTHER SIGN LIMIT: see table.py.
aim() { (IFS=$'\t'; echo "$*") >>"$WORK/aims"; }

# report NAME: the table, and out/times/NAME.json.
report() {
    mkdir -p "$TIMES"
    "$BENCH_LIB/table.py" "$WORK/runs" "$WORK/aims" "$TIMES/$1.json"
}

# random_bytes MIB: that do not compress, at memory speed.
random_bytes() { openssl enc -aes-128-ctr -pass pass:bench -nosalt -in /dev/zero 2>/dev/null | head -c "$(($1 * 1048576))" || true; }

# serve_port PORT OPTIONS…: nbdkit, as users run it.
serve_port() {
    local port=$1
    shift
    start "nbdkit-$port" nbdkit -f -r -p "$port" "$@"
    for _ in $(seq 100); do
        ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || return 0
        sleep 0.05
    done
    echo "nbdkit does not listen on port $port"
    return 1
}

# target_of MIB [FOLDER]: a block device full of old data, in $TARGET; a file where this machine has no loop devices.
target_of() {
    local file=${2:-$WORK}/target.img
    random_bytes "$1" >"$file"
    TARGET=$(losetup --find --show --direct-io=on "$file" 2>/dev/null) || TARGET=$file
    CLEANUPS+=("losetup -d '$TARGET' 2>/dev/null")
}

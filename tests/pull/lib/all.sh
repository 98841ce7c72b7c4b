# shellcheck shell=bash
# What the tests of the pull share: a scratch folder, sources, servers that are ended with the test, and what a
# half-done disk must look like. A test sources this file and calls `tap_done` at its end.

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
REHOST=${REHOST:-$TOP/out/rehost}
export PYTHONDONTWRITEBYTECODE=1 # beside the tests
WORK=$(mktemp -d "${TMPDIR:-/tmp}/rehost-pull.XXXXXX")
SERVERS=()
declare -A SERVER_NAMED
CLEANUPS=()
for part in tap port wait; do
    # shellcheck source=/dev/null
    . "$TOP/tests/vm/lib/$part.sh"
done
# shellcheck source=tests/pull/lib/journal.sh
. "$TOP/tests/pull/lib/journal.sh"

end_all() {
    local pid command
    for pid in "${SERVERS[@]}"; do kill -9 "$pid" 2>/dev/null || true; done
    for command in "${CLEANUPS[@]}"; do eval "$command" || true; done
    rm -rf "$WORK"
}
trap end_all EXIT

needs() {
    local program
    [ -x "$REHOST" ] || skip_all "there is no program at $REHOST: build it, or set REHOST"
    for program in "$@"; do
        command -v "$program" >/dev/null || skip_all "$program is missing here"
    done
}

# make_source FILE BYTES: a disk with an MBR and GPT signature, stretches of data, stretches of zeroes, and holes.
make_source() {
    perl -e '
        my ($file, $size) = @ARGV;
        srand(7);
            sub bytes { my $n = shift; substr join("", map { pack "N", int rand 4294967296 } 1 .. ($n + 3) / 4), 0, $n }
        open my $out, ">", $file or die;
        truncate $out, $size;
        my $block = bytes(1 << 20);
        for (my $at = 0; $at < $size; $at += 5 << 20) {
            seek $out, $at, 0;
            my $length = $at / (5 << 20) % 3 == 0 ? 3 << 20 : 70000;
            $length = $size - $at if $at + $length > $size;
            for (my $done = 0; $done < $length; $done += 1 << 20) {
                my $piece = substr $block, 0, $length - $done < 1 << 20 ? $length - $done : 1 << 20;
                substr($piece, 0, 8) = pack "Q", $at + $done if length $piece > 8;
                print $out $piece;
            }
        }
        seek $out, 0, 0;
        print $out "\xeb\x63\x90", bytes(437), "\0" x 70, "\x55\xaa", "EFI PART", bytes(500);
        seek $out, $size - 512, 0;
        print $out "EFI PART", bytes(504);
        close $out or die' "$1" "$2"
}

# start NAME COMMAND…: runs a server in the background, in place of an earlier one of that name; its process id is in $SERVER.
start() {
    local name=$1
    shift
    [ -z "${SERVER_NAMED[$name]:-}" ] || stop "${SERVER_NAMED[$name]}"
    "$@" >"$WORK/$name.log" 2>&1 &
    SERVER=$!
    disown "$SERVER" # so that bash does not report its end
    SERVERS+=("$SERVER")
    SERVER_NAMED[$name]=$SERVER
}

stop() {
    kill -9 "$1" 2>/dev/null || true
    while kill -0 "$1" 2>/dev/null; do sleep 0.01; done
}

wait_for_socket() { wait_until socket_listens "$1"; }
wait_for_port() { wait_until port_answers "$1"; }

# serve NAME PROGRAM OPTIONS…: a server on the socket $WORK/NAME.sock; the source is then $(uri NAME).
uri() { echo "nbd+unix:///${2:-}?socket=$WORK/$1.sock"; }

serve_nbdkit() {
    local name=$1
    shift
    rm -f "$WORK/$name.sock"
    start "$name" nbdkit -f -r -U "$WORK/$name.sock" "$@"
    wait_for_socket "$WORK/$name.sock"
}

serve_qemu() {
    local name=$1
    shift
    rm -f "$WORK/$name.sock"
    start "$name" qemu-nbd -r -t -k "$WORK/$name.sock" "$@"
    wait_for_socket "$WORK/$name.sock"
}

# link NAME SERVER KEY=VALUE…: NAME is SERVER, over a link as link.py knows them; the process id of the link is in $LINK.
link() {
    local name=$1 server=$2
    shift 2
    rm -f "$WORK/$name.sock"
    start "$name" python3 "$TOP/tests/pull/lib/link.py" "$WORK/$name.sock" "$WORK/$server.sock" "$WORK/$name.count" "$@"
    LINK=$SERVER
    wait_for_socket "$WORK/$name.sock"
}

# link_has_carried NAME BYTES
link_has_carried() { [ -s "$WORK/$1.count" ] && [ "$(cut -d ' ' -f 1 "$WORK/$1.count")" -ge "$2" ]; }

# link_goes_on: what `stop=` has held is let through.
link_goes_on() { kill -USR2 "$LINK"; }

# serve_slow NAME FILE BYTES-PER-SECOND [CONNECTIONS [steady]]: qemu-nbd, writable, and not nbdkit, as nbdkit 1.32 dies when a client does so in
# the middle of a request ("raw_send_socket: Assertion `sock >= 0' failed"). What a second allows it sends at once, unless it is to be steady.
serve_slow() {
    local at_once=",x-bps-total-max=$3"
    [ "${5:-}" != steady ] || at_once=
    rm -f "$WORK/$1.sock"
    start "$1" qemu-nbd -t -e "${4:-8}" -k "$WORK/$1.sock" --object "throttle-group,id=slow,x-bps-total=$3$at_once" \
        --image-opts "driver=throttle,throttle-group=slow,file.driver=raw,file.file.driver=file,file.file.filename=$2"
    wait_for_socket "$WORK/$1.sock"
}

serve_rotten() {
    local name=$1 file=$2 lie=$3
    rm -f "$WORK/$name.sock"
    start "$name" python3 "$TOP/tests/pull/lib/rotten-server.py" "$WORK/$name.sock" "$file" "$lie"
    wait_for_socket "$WORK/$name.sock"
}

# pull ARGUMENTS…: output in $WORK/pull.out, exit status in $STATUS. Of everything, as these sources have no file systems that a map could be of.
pull() {
    STATUS=0
    "$REHOST" pull --all "$@" >"$WORK/pull.out" 2>&1 || STATUS=$?
    cat "$WORK/pull.out"
}

# pull_says STATUS PATTERN ARGUMENTS…: it ends with that status, and its output matches.
pull_says() {
    local status=$1 pattern=$2
    shift 2
    pull "$@"
    [ "$STATUS" -eq "$status" ] || { echo "exit status $STATUS instead of $status"; return 1; }
    grep -Eq -- "$pattern" "$WORK/pull.out" || { echo "the output does not match: $pattern"; return 1; }
}

# same_content SOURCE TARGET: the target begins with the whole source.
same_content() { cmp -n "$(stat -c %s "$1")" "$1" "$2"; }

pulls_whole() {
    local source=$1
    shift
    pull_says 0 'received' "$@" && same_content "$source" "${@: -1}"
}

# json_number FILE FIELD: of the last line, which is the report.
json_number() { tail -n 1 "$1" | sed -n "s/.*\"$2\":\([0-9.]*\).*/\1/p"; }

# does_not_boot DISK SIZE: neither an MBR signature, nor a GPT header at either end, nor the source's boot code.
does_not_boot() {
    local disk=$1 size=$2
    [ "$(dd if="$disk" bs=1 skip=510 count=2 status=none | od -An -tx1)" != " 55 aa" ] || { echo "sector 0 has 55AA"; return 1; }
    ! dd if="$disk" bs=512 skip=1 count=1 status=none | grep -aq 'EFI PART' || { echo "a GPT header is in sector 1"; return 1; }
    ! dd if="$disk" bs=512 skip=$((size / 512 - 1)) count=1 status=none | grep -aq 'EFI PART' || { echo "a GPT header is in the last sector"; return 1; }
}

# shellcheck shell=bash
# A machine's serial line: waiting for what it prints, and typing. Every wait starts after the last match, so waits follow each other.

# serial_prepare NAME: QEMU's "pipe" takes what is typed from one file and writes to another, which may as well be a plain one. (With a
# socket and its log, a character is logged twice when nobody reads the socket fast enough.)
serial_prepare() {
    rm -f "$WORK/$1.seen" "$WORK/$1".serial.*
    mkfifo "$WORK/$1.serial.in"
    : >"$WORK/$1.serial.log"
    ln -s "$1.serial.log" "$WORK/$1.serial.out"
}

# expect NAME REGEX SECONDS: waits for the (extended) expression; prints the matched text. Ends early if the machine ends.
expect() {
    local name=$1 regex=$2 until=$((SECONDS + $3)) matched
    while :; do
        local runs=yes
        machine_runs "$name" || runs=no
        if matched=$(serial_match "$name" "$regex"); then
            printf '%s\n' "$matched"
            return 0
        fi
        if [ "$runs" = no ]; then serial_explain "$name" "ended without printing '$regex'"; return 1; fi
        if [ "$SECONDS" -ge "$until" ]; then serial_explain "$name" "did not print '$regex' within $3 s"; return 1; fi
        sleep 0.3
    done
}

# serial_match NAME REGEX: looks once, after the last match; on success moves the mark behind the match.
serial_match() {
    local log="$WORK/$1.serial.log" seen=0 found text
    if [ -e "$WORK/$1.seen" ]; then seen=$(cat "$WORK/$1.seen"); fi
    found=$(tail -c "+$((seen + 1))" "$log" | LC_ALL=C grep -a -b -o -E -m 1 -e "$2" | head -n 1) || true
    [ -n "$found" ] || return 1
    text=${found#*:}
    echo $((seen + ${found%%:*} + $(printf '%s' "$text" | wc -c))) >"$WORK/$1.seen"
    printf '%s' "$text"
}

# serial_printed NAME REGEX: true if the line holds it anywhere since the machine's start.
serial_printed() { LC_ALL=C grep -a -q -E -e "$2" "$WORK/$1.serial.log"; }

serial_explain() {
    { echo "machine $1 $2; its last lines:"; serial_tail "$1"; } >&2
}

# serial_tail NAME: the last lines without control sequences.
serial_tail() { tail -c 6000 "$WORK/$1.serial.log" | serial_plain | tail -n 40; }

serial_plain() { tr '\r' '\n' | tr -d '\000' | sed -e 's/\x1b\[[0-9;?]*[A-Za-z]//g' -e 's/\x1b[()=>][0-9A-B]\{0,1\}//g' | grep -av '^[[:space:]]*$' || true; }

# type_text NAME TEXT: as if typed, with Return.
type_text() {
    machine_runs "$1" || { serial_explain "$1" "cannot be typed to: it has ended"; return 1; }
    printf '%s\r' "$2" >"$WORK/$1.serial.in"
}

# answer NAME QUESTION-REGEX SECONDS TEXT
answer() {
    expect "$1" "$2" "$3"
    type_text "$1" "$4"
}

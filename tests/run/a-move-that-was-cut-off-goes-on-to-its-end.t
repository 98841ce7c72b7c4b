#!/bin/bash
# A whole move of a real Debian 12 server onto an image file: refused, confirmed, killed in the middle, started again, finished.
# shellcheck source=tests/run/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

for tool in nbdkit mke2fs sfdisk; do command -v "$tool" >/dev/null || skip_all "$tool is not installed"; done
[ "$(id -u)" -eq 0 ] || skip_all "root is needed to mount the copy"
image=$("$TOP/tests/vm/guests/build" debian12)
hardware=$TOP/tests/hardware/qemu-virtio.json
target=$WORK/target
document=$WORK/status.json

# Slow enough to be cut off in the middle.
port_reserve PORT
nbdkit -f -r -p "$PORT" -i 127.0.0.1 --filter=rate file "$image" rate=400M 2>"$WORK/nbdkit.log" &
PIDS+=($!)
SOURCE=nbd://127.0.0.1:$PORT
source_before=$(digest "$image")
old_disk "$target" 3200M
before=$(digest "$target")
job "source=$SOURCE" "disk=$target"
move=(--job "$JOB" --hardware "$hardware" --status "$document")

unchanged() { [ "$(digest "$target")" = "$before" ]; }
first_sector_boots() { [ "$(od -An -tx1 -j510 -N2 "$target" | tr -d ' ')" = 55aa ]; }
does_not_boot() { ! first_sector_boots; }
same_boot_code() { cmp -n 440 "$image" "$target"; }

# field PYTHON-EXPRESSION: of the status document.
field() { python3 -c 'import json, sys; s = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$document" "$1"; }

# Waits until some of the disk has come.
some_has_come() {
    local tenth
    for tenth in $(seq 600); do
        if [ -s "$document" ] && [ "$(field '(s.get("progress") or {}).get("received_bytes", 0) > 60 << 20')" = True ]; then return 0; fi
        sleep 0.1
    done
    echo "after $tenth tenths of a second nothing has come"
    cat "$document"
    return 1
}

# The address space goes away at once, as when the power does.
cut_off() {
    "$REHOST" run "${move[@]}" >"$SHOWN" 2>&1 < <(printf 'yes\n'; sleep 120) &
    local pid=$!
    some_has_come || { kill -KILL "$pid"; cat "$SHOWN"; return 1; }
    kill -KILL "$pid"
    wait "$pid" || true
}

tries "no stops it with status 1" runs 1 --expect 'Type yes to overwrite .*: ' --answer no -- "${move[@]}"
tries "what would be destroyed was named by model, size and content" shows "image file, 3\.1 GiB.*"
tries "its file system was named" shows 'It holds ext4 "precious"'
tries "the plan was shown before the question" shows 'update-initramfs'
tries "the target is bit for bit as before" unchanged
rm -f "$document"
must "it is cut off in the middle of the pull" cut_off
tries "the half-done target does not boot" does_not_boot
tries "started again, it says what is there and goes on to the end" runs 0 \
    --expect 'It holds a half-done copy of nbd://[^ ]* .*%' --expect 'Type yes to go on.*: ' --answer maybe \
    --expect 'neither yes nor no' --expect 'Type yes to go on.*: ' --answer yes --expect '==> pull: ' -- "${move[@]}"
tries "what had come was not sent again" shows 'were here from an earlier run'
tries "every stage had its headline" test "$(grep -c '^==> \(hardware\|network\|source\|target\|plan\|confirm\|pull\|fix\|prove\|finish\): ' "$SHOWN")" -eq 10
tries "it says that it would reboot, and does not do so here" shows '^rehost: rebooting into the moved server \(not done'
tries "the status document says done, with ten stages" test "$(field 's["outcome"], len(s["stages"]), {t["outcome"] for t in s["stages"]}')" = "('done', 10, {'done'})"
tries "the moved disk has its boot signature" first_sector_boots
tries "the moved disk has the source's boot code" same_boot_code
tries "the source is bit for bit as before" test "$(digest "$image")" = "$source_before"
tap_done

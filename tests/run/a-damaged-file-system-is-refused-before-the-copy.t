#!/bin/bash
# The root directory of the source's file system is overwritten: the plan names the damage and the way out; nothing is copied.
# shellcheck source=tests/run/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

real_server
cp --sparse=always "$IMAGE" "$WORK/source"
python3 - "$WORK/source" <<'EOF'
import struct, sys
disk = open(sys.argv[1], "r+b")
disk.seek(446 + 8)
start = struct.unpack("<I", disk.read(4))[0] * 512    # of the first partition
disk.seek(start + 1024)
block_bytes = 1024 << struct.unpack_from("<I", disk.read(1024), 24)[0]
disk.seek(start + block_bytes + 8)                    # the first group's descriptor: where its inodes are
inodes = struct.unpack("<I", disk.read(4))[0]
disk.seek(start + inodes * block_bytes)
disk.write(b"\xa5" * 2 * block_bytes)
EOF
old_disk "$WORK/target" 3072M
before=$(digest "$WORK/target")
source_before=$(digest "$WORK/source")
source_start "$WORK/source"
job "source=$SOURCE" "disk=$WORK/target" "confirm=yes"

tries "it ends with status 3" runs 3 -- --job "$JOB" --hardware "$HARDWARE"
tries "it says that the file system is damaged" shows '^!!! FAILED at plan: .*damaged'
tries "it says what can be done" shows 'file system check'
tries "the target is bit for bit as before" test "$(digest "$WORK/target")" = "$before"
tries "the source is bit for bit as before" test "$(digest "$WORK/source")" = "$source_before"
tap_done

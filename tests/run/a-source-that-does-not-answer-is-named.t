#!/bin/bash
# Nobody listens on the port: a clear end for an unattended run, another chance for a person.
# shellcheck source=tests/run/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

blank_image "$WORK/source" 16M
old_disk "$WORK/target" 32M
before=$(digest "$WORK/target")
source_start "$WORK/source"
port_reserve SILENT

unchanged() { [ "$(digest "$WORK/target")" = "$before" ]; }

job "source=nbd://127.0.0.1:$SILENT/disk" "disk=$WORK/target" "confirm=yes" "patience=1"
tries "an unattended run ends with status 1 when its patience does" runs 1 -- --job "$JOB"
tries "it fails at the source, and names it" shows "^!!! FAILED at source: nbd://127.0.0.1:$SILENT/disk: "
tries "it says that it tried again" shows 'tried again'
tries "the target is bit for bit as before" unchanged

job "source=nbd://127.0.0.1:$SILENT/disk" "disk=$WORK/target"
tries "a person is asked again, and can name another source" runs 3 --expect 'Source \(.*: ' --answer "$SOURCE" -- --job "$JOB"
tries "the reason was said before" shows "nbd://127.0.0.1:$SILENT/disk: .*refused"

job "source=nbd://127.0.0.1:$PORT/other-disk" "disk=$WORK/target" "confirm=yes" "patience=0"
tries "a disk that the server does not have ends with status 1" runs 1 -- --job "$JOB"
tries "it names the source" shows "^!!! FAILED at source: nbd://127.0.0.1:$PORT/other-disk: "
tap_done

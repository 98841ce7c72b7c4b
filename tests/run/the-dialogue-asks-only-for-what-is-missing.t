#!/bin/bash
# An operator at a terminal: what is missing is asked, what is wrong is explained and asked again, "no" changes nothing.
# shellcheck source=tests/run/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

blank_image "$WORK/source" 16M
old_disk "$WORK/target" 32M
blank_image "$WORK/small" 8M
source_start "$WORK/source"
source_before=$(digest "$WORK/source")
before=$(digest "$WORK/target")

unchanged() { [ "$(digest "$WORK/target")" = "$before" ] && [ "$(digest "$WORK/source")" = "$source_before" ]; }

tries "wrong answers are explained and asked again" runs 3 \
    --expect 'Source \(.*: ' --answer '10.0.2.2' --expect '10.0.2.2: this is no source' \
    --expect 'Source \(.*: ' --answer "$SOURCE" --expect '16.0 MiB \(16777216 bytes\)' \
    --expect 'Disk \(.*: ' --answer '' --expect 'a disk has to be named' \
    --expect 'Disk \(.*: ' --answer '99' --expect '"99" is none of these disks' \
    --expect 'Disk \(.*: ' --answer '/dev/nonsense' --expect 'none of these disks' \
    --expect 'Disk \(.*: ' --answer "$WORK/small" --expect 'smaller than the source \(8388608 bytes, the source has 16777216\)' \
    --expect 'Disk \(.*: ' --answer "$WORK/target" --expect 'holds ext4 "precious"' \
    --expect '==> plan: ' --
tries "nothing was changed" unchanged

job "source=$SOURCE" "disk=$WORK/target"
tries "with source and disk in the job neither is asked" runs 3 -- --job "$JOB"
tries "there was no question" shows_not '(Source|Disk) \('

job "source=file:$WORK/source" "disk=$WORK/source" "confirm=yes"
tries "a disk that is the source itself is refused" runs 1 -- --job "$JOB"
tries "... before anything is written" unchanged
tries "... and it is said why" shows "FAILED at target: disk $WORK/source cannot be the target: file:$WORK/source is read from it"

nbdkit --foreground --readonly --unix "$WORK/4k" --filter=blocksize-policy file "$WORK/source" blocksize-minimum=4096 blocksize-preferred=4096 \
    blocksize-maximum=1M blocksize-error-policy=error 2>"$WORK/4k.log" &
PIDS+=($!)
must "a server that reads whole blocks of 4096 bytes alone" wait_until socket_listens "$WORK/4k"
job "source=nbd+unix:///?socket=$WORK/4k" "disk=$WORK/target"
tries "... is heard, and its system is looked for" runs 3 -- --job "$JOB"

echo "rehost.source=$SOURCE rehost.disk=$WORK/target" >"$WORK/cmdline"
job "disk=$WORK/small"
tries "the kernel's command line wins over the job" runs 3 -- --job "$JOB" --command-line "$WORK/cmdline"
tries "its disk was taken" shows "$WORK/target: image file"

# shellcheck disable=SC2016 # the shell that is opened works it out
tries "the exclamation mark opens a shell, and its end comes back to the question" runs 3 \
    --expect 'Source \(.*: ' --answer '!' --expect 'A shell is open' --answer 'echo $((40 + 2)); exit' --expect '42' \
    --expect 'Source \(.*: ' --answer "$SOURCE" --expect 'Disk \(.*: ' --answer "$WORK/target" --

nobody() {
    local status=0
    "$REHOST" run </dev/null >"$SHOWN" 2>&1 || status=$?
    [ "$status" -eq 1 ] && shows 'FAILED at source: nobody is there to answer' && shows 'Give source= in the job'
}
tries "without an operator a question ends the run and names the key" nobody
tap_done

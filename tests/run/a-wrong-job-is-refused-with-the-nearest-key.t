#!/bin/bash
# Mistakes in a job end the run before anything is done, with status 2, the place, and the nearest right key.
# shellcheck source=tests/run/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

refuses() {
    local claim=$1 regex=$2
    shift 2
    tries "$claim: status 2" runs 2 -- "$@"
    tries "$claim: the message says where and what" shows "$regex"
    tries "$claim: no stage was begun" shows_not '^==>'
}

job "disk=auto" "sorce=nbd://h/x"
refuses "a wrong key" "web1.job: line 2: there is no key \"sorce\"; the nearest is \"source\"" --job "$JOB"
job "disk=auto" "disk=sda"
refuses "a repeated key" "line 2: the key \"disk\" is given twice" --job "$JOB"
job "after=sometime"
refuses "a wrong value" "line 1: after: it is \"reboot\"" --job "$JOB"
head -c 70000 /dev/zero | tr '\0' '#' >"$JOB"
refuses "a job that is too large" "larger than 65536 bytes" --job "$JOB"
refuses "a job that is missing" "job: read $WORK/none: No such file" --job "$WORK/none"
refuses "a job that is a directory" "it is no file" --job "$WORK"
echo 'quiet console=ttyS0 rehost.dsk=auto' >"$WORK/cmdline"
refuses "a wrong key on the kernel's command line" "kernel's command line: there is no key \"rehost.dsk\"; the nearest is \"rehost.disk\"" \
    --command-line "$WORK/cmdline"
echo 'rehost.disk=auto rehost.disk=auto' >"$WORK/cmdline"
refuses "a repeated key on the kernel's command line" "\"rehost.disk\" is given twice" --command-line "$WORK/cmdline"
tries "an unknown option ends with status 2" runs 2 -- --jobb x
tap_done

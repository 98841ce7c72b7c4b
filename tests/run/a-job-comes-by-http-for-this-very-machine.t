#!/bin/bash
# rehost.job=http://…/${mac}.job: the job is fetched by the machine's MAC, bounded in size, and a missing one is named.
# shellcheck source=tests/run/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

command -v wget >/dev/null || skip_all "wget is not installed"
blank_image "$WORK/source" 16M
blank_image "$WORK/target" 16M
source_start "$WORK/source"
mkdir "$WORK/depot"
port_reserve DEPOT
python3 -m http.server --bind 127.0.0.1 --directory "$WORK/depot" "$DEPOT" >"$WORK/http.log" 2>&1 &
PIDS+=($!)
wait_until port_answers "$DEPOT"

hardware=$TOP/tests/hardware/qemu-virtio.json
mac=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["nics"][0]["mac"])' "$hardware")
printf 'source=%s\ndisk=%s\nconfirm=yes\n' "$SOURCE" "$WORK/target" >"$WORK/depot/$mac.job"
cp "$WORK/depot/$mac.job" "$WORK/depot/${mac//:/-}.job"
echo 'sorce=x' >"$WORK/depot/wrong.job"
head -c 10000000 /dev/zero >"$WORK/depot/large.job"

fetches() { echo "rehost.job=http://127.0.0.1:$DEPOT/$1" >"$WORK/cmdline"; }
move=(--command-line "$WORK/cmdline" --hardware "$hardware")

# shellcheck disable=SC2016 # ${mac} is for rehost
{
    fetches '${mac}.job'
    tries "the job of this machine's MAC is taken, up to its blank source" runs 3 -- "${move[@]}"
    tries "its name was said" shows "job: http://127.0.0.1:$DEPOT/$mac.job"
    fetches '${mac:hexhyp}.job'
    tries "the MAC with hyphens is known too" runs 3 -- "${move[@]}"
}
fetches none.job
tries "a job that the server lacks ends with status 2" runs 2 -- "${move[@]}"
tries "it is named, with what to look at" shows "^!!! FAILED at network: job http://127.0.0.1:$DEPOT/none.job: "
fetches wrong.job
tries "a wrong key in it ends with status 2" runs 2 -- "${move[@]}"
tries "the line and the nearest key are named" shows 'wrong.job: line 1: .*the nearest is "source"'
fetches large.job
tries "a job without end is not taken" runs 2 -- "${move[@]}"
tries "it is said that it is too large" shows 'large.job: it is larger than 65536 bytes'
tap_done

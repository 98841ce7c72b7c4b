# shellcheck shell=bash
# Durations of the stages of a test, kept in out/times/TEST.json for the bench.

TIMES_START=$SECONDS
TIMES_LAST=$SECONDS
TIMES=()

# time_start: the stopwatch starts anew.
time_start() { TIMES_START=$SECONDS; TIMES_LAST=$SECONDS; }

# time_stage NAME: what ran since the last call was this stage.
time_stage() {
    TIMES+=("$1=$((SECONDS - TIMES_LAST))")
    TIMES_LAST=$SECONDS
}

times_write() {
    local entry separator=
    [ "${#TIMES[@]}" -gt 0 ] || return 0
    mkdir -p "$OUT/times"
    {
        printf '{"version":1,"test":"%s","accel":"%s","total_seconds":%d,"stages":{' "$NAME" "$(accel)" "$((SECONDS - TIMES_START))"
        for entry in "${TIMES[@]}"; do
            printf '%s"%s":%d' "$separator" "${entry%=*}" "${entry##*=}"
            separator=,
        done
        printf '}}\n'
    } >"$OUT/times/$NAME.json"
}

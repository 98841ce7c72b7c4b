#!/bin/bash
# Every JSON document has a version, and every field that it has for any of the fixtures stands in the part of its man page about the document.
set -euo pipefail
TOP=$(cd "$(dirname "$0")/../.." && pwd)
REHOST=${REHOST:-$TOP/out/rehost}
WORK=$(mktemp -d "${TMPDIR:-/tmp}/rehost-json.XXXXXX")
trap 'rm -rf "$WORK"' EXIT
PATH=$PATH:/usr/sbin:/sbin
# shellcheck source=tests/vm/lib/tap.sh
. "$TOP/tests/vm/lib/tap.sh"
[ -x "$REHOST" ] || skip_all "there is no program at $REHOST: build it, or set REHOST"
for tool in python3 nbdkit sfdisk mke2fs; do command -v "$tool" >/dev/null || skip_all "$tool is not installed"; done

# documents COMMAND ARGUMENT…: one more in $WORK/COMMAND.json, unless it failed; a plan with blockers and a broken chain have theirs, too.
documents() {
    local status=0
    "$REHOST" "$1" --json "${@:2}" >>"$WORK/$1.json" 2>"$WORK/said" || status=$?
    [ "$status" -eq 0 ] || [ "$status" -eq 3 ] || { echo "rehost $* ended with $status:"; cat "$WORK/said"; return 1; }
}

of_every_guest() {
    local guest machines=("$TOP"/tests/hardware/*.json) number=0
    for guest in "$TOP"/tests/guests/*/root; do
        documents inspect "$guest" || return 1
        documents plan --hardware "${machines[number % ${#machines[@]}]}" "$guest" || return 1
        documents prove --hardware "${machines[number % ${#machines[@]}]}" "$guest" || return 1
        number=$((number + 1))
    done
    [ "$number" -ge 50 ]
}
of_a_disk() {
    [ "$(id -u)" -eq 0 ] && [ -e /dev/loop-control ] || return 0
    truncate -s 20M "$WORK/image"
    printf 'label: gpt\nstart=1MiB, size=8MiB\n' | sfdisk -q "$WORK/image"
    mke2fs -q -F -t ext4 -E offset=1048576 "$WORK/image" 8M
    documents inspect "$WORK/image" && grep -q '"mount_point"' "$WORK/inspect.json"
}
of_every_machine() { local machine; for machine in "$TOP"/tests/hardware/*.json; do documents hardware --hardware "$machine" || return 1; done; }
of_a_copy() {
    head -c 3000000 /dev/urandom >"$WORK/disk"
    documents pull --verify "file:$WORK/disk" "$WORK/copy" && ! "$REHOST" pull --json "file:$WORK/none" "$WORK/copy" >>"$WORK/pull.json" 2>"$WORK/said"
}
of_a_move() {
    head -c 3000000 /dev/zero | tee "$WORK/blank" >"$WORK/target"
    printf '%s\n' "source=file:$WORK/blank" "disk=$WORK/target" confirm=yes >"$WORK/job"
    ! "$REHOST" run --job "$WORK/job" --status "$WORK/run.json" >"$WORK/said" 2>&1 && grep -q '"outcome"' "$WORK/run.json"
}

# are_described COMMAND PAGE [FIELD-THAT-IS-A-DOCUMENT-OF-ANOTHER-PAGE]…
are_described() {
    python3 - "$WORK/$1.json" "$TOP/tools/man/$2" "${@:3}" <<'PY'
import json, re, sys
text, page, others = open(sys.argv[1]).read(), open(sys.argv[2]).read().replace("\\-", "-"), sys.argv[3:]
page = re.search(r"^\.SH (?:STATUS )?DOCUMENTS?\n(.*?)(?=^\.SH |\Z)", page, re.M | re.S).group(1)
fields, documents = set(), 0

def walk(value):
    if isinstance(value, dict):
        fields.update(value)
        for name, part in value.items():
            if name not in others:
                walk(part)
    elif isinstance(value, list):
        for part in value:
            walk(part)

while text.strip():
    document, end = json.JSONDecoder().raw_decode(text.lstrip())
    text = text.lstrip()[end:]
    documents += 1
    if document.get("version") != 1:
        sys.exit("without a version: %s" % document)
    walk(document)
missing = sorted(field for field in fields if not re.search(r"\b%s\b" % re.escape(field), page))
print(documents, "documents with the fields", *sorted(fields))
sys.exit("not described: " + " ".join(missing) if missing or not documents else 0)
PY
}

must "every guest of the fixtures is inspected, planned and proved" of_every_guest
must "a disk is inspected" of_a_disk
must "every machine is shown" of_every_machine
must "a disk is copied, and another one is not there" of_a_copy
must "a move is begun" of_a_move
for command in hardware inspect plan prove pull; do
    others=()
    [ "$command" != plan ] || others=(wire) # as in rehost-hardware.1
    tries "rehost-$command.1 describes every field of rehost $command --json" are_described "$command" "rehost-$command.1" "${others[@]}"
done
tries "rehost-job.5 describes every field of the status document" are_described run rehost-job.5 plan proof map
tap_done

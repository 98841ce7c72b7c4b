# shellcheck shell=bash
# What the tests of the map of used blocks share: partitioned disks full of stale data, file systems in them, and what the copy must be.
# shellcheck source=tests/vm/lib/namespace.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../vm/lib/namespace.sh"
# shellcheck source=tests/pull/lib/all.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../pull/lib/all.sh"
PATH=$PATH:/usr/sbin:/sbin

needs_devices() {
    [ "$(id -u)" -eq 0 ] || skip_all "file systems are mounted here: this needs root"
    [ -e /dev/loop-control ] || skip_all "there is no /dev/loop-control"
    [ -e /dev/fuse ] || skip_all "there is no /dev/fuse"
    needs nbdkit nbdfuse sfdisk losetup python3 "$@"
}

# stale_disk FILE MIB: every block holds something that nobody needs any more, and that no copy should have.
stale_disk() { { yes "stale data that must not travel" || true; } | head -c "$(($2 << 20))" >"$1"; }

# partition FILE NUMBER: its offset and size in bytes.
partition() { sfdisk -J "$1" | python3 -c 'import json, sys; p = json.load(sys.stdin)["partitiontable"]["partitions"][int(sys.argv[1]) - 1]; print(p["start"] * 512, p["size"] * 512)' "$2"; }

# on_loop FILE NUMBER COMMAND…: runs it with the partition's device as its last argument.
on_loop() {
    local file=$1 offset size device status=0
    read -r offset size < <(partition "$1" "$2")
    shift 2
    device=$(losetup -f --show -o "$offset" --sizelimit "$size" "$file")
    "$@" "$device" || status=$?
    losetup -d "$device"
    return "$status"
}

# with_mount TYPE OPTIONS COMMAND… DEVICE: runs it in the directory that the device is mounted on, which is its last argument.
with_mount() {
    local type=$1 options=$2 device=${*: -1} status=0
    local command=("${@:3:$#-3}")
    mkdir -p "$WORK/mount"
    mount_as "$type" "$options" "$device" || return 1
    "${command[@]}" "$WORK/mount" || status=$?
    umount "$WORK/mount"
    return "$status"
}

mount_as() {
    case $1 in
    ntfs) ntfs-3g -o "$2" "$3" "$WORK/mount" ;;
    exfat) mount.exfat-fuse -o "$2" "$3" "$WORK/mount" >/dev/null ;; # which has its name to say
    *) mount -t "$1" -o "$2" "$3" "$WORK/mount" ;;
    esac
}

# fill DIRECTORY: files of many sizes, every third of them deleted again, so that free space lies in between.
fill() {
    python3 - "$1" <<'PY'
import os, random, subprocess, sys
random.seed(11)
names = []
for i in range(240):
    directory = os.path.join(sys.argv[1], "d%d" % (i % 7))
    os.makedirs(directory, exist_ok=True)
    names.append(os.path.join(directory, "f%03d" % i))
    with open(names[-1], "wb") as file:
        file.write(random.randbytes(random.choice((0, 10, 5000, 70000, 300000))))
subprocess.run(["sync", "-f", sys.argv[1]], check=True) # not everybody's: another test looks at what is not committed yet
for name in names[::3]:
    os.remove(name)
PY
    sync -f "$1"
}

# contents DIRECTORY: a digest of each file.
contents() { (cd "$1" && find . -type f -print0 | sort -z | xargs -0 sha256sum); }

# used_pull ARGUMENTS…: with the map, which is in $WORK/pull.json then; the report is the last line of it.
used_pull() {
    STATUS=0
    "$REHOST" pull --json "$@" >"$WORK/pull.json" 2>"$WORK/pull.err" || STATUS=$?
    cat "$WORK/pull.err"
    return "$STATUS"
}

# of_map EXPRESSION: of the map m, whose volumes are v by name.
of_map() {
    python3 - "$WORK/pull.json" "$1" <<'PY'
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
m = next(line for line in lines if line["event"] == "map")
v = {volume["name"]: volume for volume in m["volumes"]}
done = lines[-1]
print(eval(sys.argv[2]))
PY
}

# map_says EXPRESSION: it is true of the map, and of the report `done`.
map_says() {
    local said
    said=$(of_map "$1")
    [ "$said" = True ] || { echo "not so: $1"; grep '"event":"map"' "$WORK/pull.json"; return 1; }
}

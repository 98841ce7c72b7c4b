#!/bin/bash
# A whole move of a real Debian 12 server onto an image file: refused, confirmed, killed in the middle, started again, finished, with a package that the
# job names.
# shellcheck source=tests/run/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

# package_served: with a script that leaves a mark of the system that it ran in; sets PACKAGE.
package_served() {
    local tree=$WORK/handed-in port
    mkdir -p "$tree/DEBIAN" "$WORK/packages"
    printf '%s\n' "Package: handed-in" "Version: 1.0" "Architecture: all" "Maintainer: nobody <nobody@example.invalid>" "Description: handed in" >"$tree/DEBIAN/control"
    printf '#!/bin/sh\ncp /etc/hostname /etc/handed-in.installed-on\n' >"$tree/DEBIAN/postinst"
    chmod 755 "$tree/DEBIAN/postinst"
    dpkg-deb --root-owner-group --build "$tree" "$WORK/packages/handed-in_1.0_all.deb" >/dev/null
    port_reserve port
    python3 -m http.server "${port:?}" --bind 127.0.0.1 --directory "$WORK/packages" >"$WORK/web.log" 2>&1 &
    PIDS+=($!)
    PACKAGE=http://127.0.0.1:$port/handed-in_1.0_all.deb
    wait_until port_answers "$port"
}
# content PATH: of a file of the moved server.
content() { debugfs -R "cat $1" "$target?offset=1048576" 2>/dev/null; }

command -v dpkg-deb >/dev/null || skip_all "dpkg-deb is not installed"
real_server
package_served
target=$WORK/target
source_that_stops "$IMAGE" 250
source_before=$(digest "$IMAGE")
old_disk "$target" 3200M
before=$(digest "$target")
job "source=$SOURCE" "disk=$target"
move=(--job "$JOB" --hardware "$HARDWARE" --status "$DOCUMENT")

unchanged() { [ "$(digest "$target")" = "$before" ]; }

# It ends at once, as when the power goes away.
cut_off() {
    "$REHOST" run "${move[@]}" >"$SHOWN" 2>&1 < <(printf 'yes\n'; sleep 120) &
    local pid=$!
    some_has_come 120 || { kill -KILL "$pid"; cat "$SHOWN"; return 1; }
    kill -KILL "$pid"
    wait "$pid" || true
}

tries "no stops it with status 1" runs 1 --expect 'Type yes to overwrite .*: ' --answer no -- "${move[@]}"
tries "what would be destroyed was named by model and size" shows "image file, 3\.1 GiB"
tries "what would be destroyed was named by content" shows 'It holds ext4 "precious"'
tries "the plan was shown before the question" shows 'update-initramfs'
tries "the target is bit for bit as before" unchanged
rm -f "$DOCUMENT"
must "it is cut off in the middle of the pull" cut_off
tries "the half-done target does not boot" has_no_signature "$target"
# From another server, too: it is the content that tells the source.
kill "$SOURCE_PID" 2>/dev/null || true
source_start "$IMAGE"
job "source=$SOURCE" "disk=$target" "packages=$PACKAGE"
tries "started again, it says what is there and goes on to the end" runs 0 \
    --expect 'It holds a half-done copy of nbd://[^ ]* .*%' --expect 'Type yes to go on.*: ' --answer maybe \
    --expect 'neither yes nor no' --expect 'Type yes to go on.*: ' --answer yes --expect '==> pull: ' -- "${move[@]}"
tries "what had come was not sent again" shows 'were here from an earlier run'
tries "it was shown how much of the disk would travel" shows 'of 3\.0 GiB, .* will travel'
tries "only what is in use did" test "$(field 's["map"]["travels_bytes"] < s["map"]["disk_bytes"] / 2')" = True
tries "every stage had its headline" test "$(grep -c '^==> \(hardware\|network\|source\|target\|plan\|confirm\|pull\|fix\|prove\|finish\): ' "$SHOWN")" -eq 10
tries "it shows what was changed" shows 'fstab: write /etc/fstab'
tries "the package that the job names was fetched and installed first" shows '    handed-in_1.0_all.deb was installed'
tries "... in the server that was moved" test "$(content /etc/handed-in.installed-on)" = canonical
tries "it says that it would reboot, and does not do so here" shows '^rehost: rebooting into the moved server \(not done'
tries "the status document says done, with ten stages" test "$(field 's["outcome"], len(s["stages"]), {t["outcome"] for t in s["stages"]}')" = "('done', 10, {'done'})"
tries "the moved disk has its boot signature" has_signature "$target"
tries "the moved disk has the source's boot code" same_boot_code "$IMAGE" "$target"
tries "the source is bit for bit as before" test "$(digest "$IMAGE")" = "$source_before"
tap_done

#!/bin/bash
# A disk and its images on a web server, the way an ESXi host serves them: range requests, a query, user and password, a certificate that
# no authority has signed and that bears another name.
# shellcheck disable=SC2154 # port_reserve sets the ports
set -euo pipefail
# shellcheck source=tests/source/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
needs nginx openssl qemu-img qemu-nbd nbdkit nbdfuse strace mke2fs sfdisk
make_disk

# certificate NAME SUBJECT-ALT-NAMES LIFE…: of LIFE as openssl takes it.
certificate() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "${@:3}" -subj "/CN=localhost.localdomain" -addext "subjectAltName=$2" \
        -keyout "$WORK/$1.key" -out "$WORK/$1.pem" 2>"$WORK/openssl.log"
}

# server CERTIFICATE PORT
server() {
    echo "server { listen 127.0.0.1:$2 ssl; ssl_certificate $WORK/$1.pem; ssl_certificate_key $WORK/$1.key; root $WORK/site;
        location /closed { auth_basic closed; auth_basic_user_file $WORK/users; }
        location /elsewhere { return 302 http://127.0.0.1:$plain\$uri; } }"
}

configure() {
    echo "daemon off; pid $WORK/nginx.pid; error_log $WORK/nginx.error; user root; events {}
    http { access_log $WORK/access; client_body_temp_path $WORK/t1; proxy_temp_path $WORK/t2; fastcgi_temp_path $WORK/t3; uwsgi_temp_path $WORK/t4; scgi_temp_path $WORK/t5;
        $(server named "$named") $(server other "$other") $(server old "$old")
        server { listen 127.0.0.1:$plain; root $WORK/site; } }" >"$WORK/nginx.conf"
    mkdir -p "$WORK/site/folder/web" "$WORK/site/closed"
    cp "$DISK" "$WORK/site/folder/web/web-flat.vmdk"
    cp "$DISK" "$WORK/site/closed/a disk.img"
    cp "$DISK" "$WORK/site/elsewhere.img"
    qemu-img convert -O qcow2 "$DISK" "$WORK/site/web.qcow2"
    qemu-img convert -O vmdk -o subformat=streamOptimized "$DISK" "$WORK/site/web.vmdk"
    qemu-img create -q -u -f qcow2 -b /etc/passwd -F raw "$WORK/site/reach.qcow2" "$DISK_BYTES"
    printf '%s\n' '# Disk DescriptorFile' parentCID=ffffffff 'createType="vmfs"' 'RW 98304 VMFS "web-flat.vmdk"' >"$WORK/site/folder/web/web.vmdk"
    split_image "$WORK/site/closed" "my web"
    echo "root:$(openssl passwd -apr1 'pa ss,w=rd')" >"$WORK/users"
    echo 'pa ss,w=rd' >"$WORK/right"
    echo 'guess' >"$WORK/wrong"
}

serve() {
    start nginx nginx -c "$WORK/nginx.conf"
    wait_for_port "$plain" || { cat "$WORK/nginx.log"; return 1; }
}

fingerprint() { openssl x509 -in "$WORK/$1.pem" -noout -fingerprint -sha256 | sed 's/.*=//'; }

# What others can see while it runs. The program reads the whole disk in less time than a look takes: so one is held at its first read.
nothing_secret_is_seen() {
    ! grep -q 'pa ss' "$WORK/pull.out" || { echo "the password is in the output"; return 1; }
    SOURCE_MARK=$WORK strace -f -q -e trace=execve -s 4096 -v -o "$WORK/trace" "$REHOST" pull "$closed#password-file=$WORK/right&cainfo=$WORK/named.pem" "$TARGET" || return 1
    grep -q 'nbdkit' "$WORK/trace" || { echo "the trace shows no adapter"; return 1; }
    ! grep 'pa ss' "$WORK/trace"
}

pinned() {
    local hex
    hex=$(fingerprint other)
    arrives_by "https://127.0.0.1:$other/folder/web/web-flat.vmdk?dcPath=ha-datacenter&dsName=datastore1#fingerprint=$hex" &&
        grep -q 'GET /folder/web/web-flat.vmdk?dcPath=ha-datacenter&dsName=datastore1 HTTP/1.1" 206' "$WORK/access" &&
        arrives_by "https://127.0.0.1:$other/web.qcow2#fingerprint=SHA256:$(tr -d : <<<"$hex" | tr A-F a-f)"
}

# parts LINE…: a descriptor in the folder of the parts that says this.
parts() { printf '%s\n' '# Disk DescriptorFile' 'createType="twoGbMaxExtentFlat"' "$@" >"$WORK/site/folder/web/some.vmdk"; }

refuses_parts() { # PATTERN LINE…
    parts "${@:2}"
    refuses "https://127.0.0.1:$named/folder/web/some.vmdk#cainfo=$WORK/named.pem" "$1"
}

in_parts() {
    arrives_by "https://root@127.0.0.1:$named/closed/my%20web.vmdk#cainfo=$WORK/named.pem&password-file=$WORK/right"
}

in_one_flat_part() {
    arrives_by "https://127.0.0.1:$other/folder/web/web.vmdk?dcPath=ha-datacenter&dsName=datastore1#fingerprint=$(fingerprint other)" &&
        grep -q 'GET /folder/web/web-flat.vmdk?dcPath=ha-datacenter&dsName=datastore1 HTTP/1.1" 206' "$WORK/access"
}

parts_that_are_none() {
    refuses_parts 'read the part gone.vmdk: .*404' parentCID=ffffffff 'RW 98304 FLAT "gone.vmdk" 0' &&
        refuses_parts 'read the part web-flat.vmdk: it has 98304 sectors, and the VMDK.s descriptor says 98305' parentCID=ffffffff 'RW 98304 FLAT "web-flat.vmdk" 1' &&
        refuses_parts 'a part is a file of the descriptor.s own folder' parentCID=ffffffff 'RW 98304 FLAT "../../web.qcow2" 0' &&
        refuses_parts 'a part is a file of the descriptor.s own folder' parentCID=ffffffff 'RW 98304 FLAT "/etc/passwd" 0' &&
        refuses_parts 'a part of the disk cannot be read from here: 98304 ZERO' parentCID=ffffffff 'RW 98304 FLAT "web-flat.vmdk" 0' 'RW 98304 ZERO' &&
        refuses_parts 'it is a snapshot' parentCID=1234abcd 'RW 98304 FLAT "web-flat.vmdk" 0'
}

other_pin() {
    refuses "https://127.0.0.1:$other/web.qcow2#fingerprint=$(fingerprint named)" 'of localhost.localdomain. is not the one that was pinned' &&
        grep -q "expected SHA256:$(fingerprint named), it shows SHA256:$(fingerprint other)" "$WORK/pull.out"
}

expired() {
    arrives_by "https://127.0.0.1:$old/folder/web/web-flat.vmdk#fingerprint=$(fingerprint old)" &&
        refuses "https://127.0.0.1:$old/folder/web/web-flat.vmdk#cainfo=$WORK/old.pem" 'certificate has expired'
}

passwords() {
    refuses "$closed#cainfo=$WORK/named.pem" 'the password of root is missing' &&
        refuses "$closed#password-file=$WORK/wrong&cainfo=$WORK/named.pem" 'returned error: 401' &&
        refuses "https://root:guess@127.0.0.1:$named/x.img" 'a password in a URI can be read by everybody' &&
        ! grep -q guess "$WORK/pull.out"
}

# In the middle of the copy, and comes back.
comes_back() {
    rm -f "$TARGET"
    "$REHOST" pull --connections 1 --request-size 65536 "https://127.0.0.1:$named/folder/web/web-flat.vmdk#cainfo=$WORK/named.pem" "$TARGET" >"$WORK/pull.out" 2>&1 &
    local rehost=$!
    wait_until test -s "$TARGET" || return 1
    kill "$(cat "$WORK/nginx.pid")"
    sleep 1
    serve && wait "$rehost" && same_content "$DISK" "$TARGET"
}

# A kill, here at the fourth write, cannot be caught, and still takes the adapters with it; the folder of their sockets is left.
killed() {
    rm -f "$TARGET"
    SOURCE_MARK=$WORK strace -f -o /dev/null -e trace=pwrite64 -e inject=pwrite64:signal=KILL:when=4 \
        "$REHOST" pull --connections 1 "https://127.0.0.1:$named/web.qcow2#cainfo=$WORK/named.pem" "$TARGET" >"$WORK/pull.out" 2>&1 || true
    ls /run/rehost-* >/dev/null || { echo "it was not killed in the middle"; return 1; }
    rm -r /run/rehost-*
    leaves_nothing
}

port_reserve named
port_reserve other
port_reserve old
port_reserve plain
certificate named "IP:127.0.0.1" -days 2
certificate other "DNS:localhost.localdomain" -days 2
certificate old "DNS:localhost.localdomain" -not_before 20200101000000Z -not_after 20200201000000Z
closed="https://root@127.0.0.1:$named/closed/a%20disk.img"
configure
must "the web server starts" serve
tries "a raw disk, by an authority that is named" arrives_by "https://127.0.0.1:$named/folder/web/web-flat.vmdk#cainfo=$WORK/named.pem"
tries "a qcow2 image" arrives_by "https://127.0.0.1:$named/web.qcow2#cainfo=$WORK/named.pem"
tries "a VMDK as in an OVA" arrives_by "https://127.0.0.1:$named/web.vmdk#cainfo=$WORK/named.pem"
tries "a VMDK in several parts, behind a password" in_parts
tries "a VMDK with a flat part, as an ESXi host has it; the query goes with the part" in_one_flat_part
tries "parts that are missing, too short, elsewhere or not all there are refused by name" parts_that_are_none
tries "in the clear" arrives_by "http://127.0.0.1:$plain/web.qcow2"
tries "with user and password" arrives_by "$closed#password-file=$WORK/right&cainfo=$WORK/named.pem"
tries "the password stands in no command line, environment or output" nothing_secret_is_seen
tries "no password, a wrong one, and one in the URI" passwords
tries "a certificate that bears another name, by its fingerprint" pinned
tries "a certificate that has expired, by its fingerprint and not otherwise" expired
tries "another certificate than the one that is pinned" other_pin
tries "a certificate that nobody has signed" refuses "https://127.0.0.1:$named/web.qcow2" 'certificate signer not trusted'
tries "no way from https to http" refuses "https://127.0.0.1:$named/elsewhere.img#cainfo=$WORK/named.pem" 'Protocol .http. disabled'
tries "a file that is not there" refuses "https://127.0.0.1:$named/nothing.img#cainfo=$WORK/named.pem" 'returned error: 404'
tries "an image that reaches for a file of this machine" refuses "https://127.0.0.1:$named/reach.qcow2#cainfo=$WORK/named.pem" 'wants to read /etc/passwd, and that cannot be had from there'
tries "nobody who listens" refuses "https://127.0.0.1:1/x.img" "[Cc]ould not connect|Couldn't connect"
tries "a server that vanishes comes back in time" comes_back
tries "a kill takes the adapters with it" killed
tap_done

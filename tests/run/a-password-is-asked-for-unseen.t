#!/bin/bash
# A source that wants a password: an operator is asked for it, and what is typed shows nowhere. A job that is confirmed fails instead.
# shellcheck source=tests/run/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
for tool in nginx nbdkit openssl; do command -v "$tool" >/dev/null || skip_all "$tool is not installed"; done

blank_image "$WORK/disk.img" 16M
old_disk "$WORK/target" 32M
port_reserve WEB
echo "mover:$(openssl passwd -apr1 'open sesame')" >"$WORK/users"
echo "daemon off; pid $WORK/nginx.pid; error_log $WORK/nginx.error; user root; events {}
http { access_log off; client_body_temp_path $WORK/t1; proxy_temp_path $WORK/t2; fastcgi_temp_path $WORK/t3; uwsgi_temp_path $WORK/t4; scgi_temp_path $WORK/t5;
    server { listen 127.0.0.1:${WEB:?}; root $WORK; auth_basic closed; auth_basic_user_file $WORK/users; } }" >"$WORK/nginx.conf"
nginx -c "$WORK/nginx.conf" 2>"$WORK/nginx.log" &
PIDS+=($!)
source=http://mover@127.0.0.1:$WEB/disk.img

must "the web server starts" wait_until port_answers "$WEB"
tries "a wrong password is said, and asked for again with the source" runs 3 \
    --expect 'Source \(.*: ' --answer '?' --expect 'rehost-source' \
    --expect 'Source \(.*: ' --answer "$source" --expect 'Password of mover at 127.0.0.1: ' --answer 'open barley' --expect 'returned error: 401' \
    --expect 'Source \(.*: ' --answer '' --expect 'Password of mover at 127.0.0.1: ' --answer 'open sesame' --expect '16.0 MiB \(16777216 bytes\)' \
    --expect 'Disk \(.*: ' --answer "$WORK/target" --expect '==> plan: ' --
tries "neither was shown" shows_not 'barley|sesame'

echo 'open sesame' >"$WORK/password"
job "source=$source" "disk=$WORK/target" "password-file=$WORK/password"
tries "a job that names a file is not asked" runs 3 -- --job "$JOB"
tries "it went on to the plan" shows '==> plan: '
tries "there was no question" shows_not 'Password of'

job "source=$source" "disk=$WORK/target" "confirm=yes" "patience=0"
tries "a confirmed job without one is not asked either" runs 1 -- --job "$JOB"
tries "what is missing is said" shows 'the password of mover is missing'
tries "there was no question" shows_not 'Password of'
tap_done

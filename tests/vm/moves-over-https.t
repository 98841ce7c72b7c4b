#!/bin/bash
# Ranges of a file over https, as an ESXi host serves its disks: user and password, a certificate of its own, a query in the URI.
# minutes: 3
# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

PASSWORD='web-secret-4711'

# nginx_configure IMAGE PORT
nginx_configure() {
    mkdir -p "$WORK/www/folder" "$WORK/nginx"
    ln -s "$1" "$WORK/www/folder/server-flat.vmdk"
    echo "root:$(openssl passwd -apr1 "$PASSWORD")" >"$WORK/users"
    cat >"$WORK/nginx.conf" <<NGINX
daemon off; master_process off; user root; pid $WORK/nginx/pid; error_log stderr;
events {}
http {
    access_log off; client_body_temp_path $WORK/nginx; proxy_temp_path $WORK/nginx; fastcgi_temp_path $WORK/nginx; uwsgi_temp_path $WORK/nginx; scgi_temp_path $WORK/nginx;
    server {
        listen 127.0.0.1:$2 ssl;
        ssl_certificate $WORK/pki/server-cert.pem; ssl_certificate_key $WORK/pki/server-key.pem;
        root $WORK/www; auth_basic rehost; auth_basic_user_file $WORK/users;
    }
}
NGINX
}

appliance_prerequisites vmlinuz initramfs.img
move_image debian12
fingerprint=$(certificate_make)
nginx_configure "$source_image" "$source_port"
source_run server "$source_port" nginx -c "$WORK/nginx.conf" -p "$WORK/nginx"
move_from_claims "https://root@10.0.2.2:$source_port/folder/server-flat.vmdk?dcPath=ha-datacenter&dsName=one#fingerprint=$fingerprint" "$PASSWORD"

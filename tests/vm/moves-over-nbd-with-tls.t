#!/bin/bash
# NBD over TLS from qemu-nbd, whose certificate no authority has signed: it is pinned.
# minutes: 3
# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

appliance_prerequisites vmlinuz initramfs.img
move_image debian12
fingerprint=$(certificate_make)
source_run server "$source_port" qemu-nbd --read-only --persistent --shared=16 --bind=127.0.0.1 --port="$source_port" --format=raw \
    --object "tls-creds-x509,id=tls,endpoint=server,dir=$WORK/pki,verify-peer=no,sanity-check=no" --tls-creds=tls "$source_image"
move_from_claims "nbds://10.0.2.2:$source_port/?tls-fingerprint=$fingerprint"

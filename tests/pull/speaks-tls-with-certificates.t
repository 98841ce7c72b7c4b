#!/bin/bash
# nbds:// by certificates: the right server is believed, whoever signed for it; every other one ends the pull with what was
# expected, what came, and the way out, and nothing is written.
set -euo pipefail
# shellcheck source=tests/pull/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
# shellcheck source=tests/pull/lib/tls.sh
. "$(dirname "$0")/lib/tls.sh"
needs nbdkit qemu-nbd certtool openssl perl

SOURCE=$WORK/source.img
make_source "$SOURCE" $((8 * 1048576))
authority ours
authority theirs
certificate ours server right 'dns_name = "localhost"' 'ip_address = "127.0.0.1"'
certificate ours client right
certificate ours server stranger 'dns_name = "elsewhere.example"'
certificate ours server expired 'dns_name = "localhost"' 'activation_date = "2019-12-31 00:00:00 UTC"' 'expiration_date = "2020-01-02 03:04:00 UTC"'
certificate ours server young 'dns_name = "localhost"' 'activation_date = "2222-02-02 02:02:00 UTC"' 'expiration_date = "2223-01-01 00:00:00 UTC"'
certificate theirs client wronged
cp "$WORK/pki/ours/ca-cert.pem" "$WORK/pki/wronged/ca-cert.pem"
TRUST=tls-certificates=$WORK/pki
PIN=$(fingerprint "$WORK/pki/right/server-cert.pem")

# over_tcp FOLDER: nbdkit on $PORT with that folder's certificate.
over_tcp() {
    port_reserve PORT
    start tcp nbdkit -f -r -p "$PORT" --tls=require --tls-certificates="$WORK/pki/$1" file "$SOURCE"
    wait_for_port "$PORT"
}

# refused PATTERN URI: exit status 1 with that message, and no file was made.
refused() {
    pull_says 1 "$@" "$WORK/refused" && [ ! -e "$WORK/refused" ]
}

over_tcp right
tries "a server that our own authority signed for, by name" pulls_whole "$SOURCE" "nbds://localhost:$PORT/?$TRUST/ours" "$WORK/a"
tries "... by address" pulls_whole "$SOURCE" "nbds://127.0.0.1:$PORT/?$TRUST/ours" "$WORK/b"
tries "another authority than ours signed for it: its names and the way out" \
    refused 'no authority that is trusted here.*localhost, 127.0.0.1' "nbds://localhost:$PORT/?$TRUST/theirs"
tries "... which shows the fingerprint that it has" grep -q "tls-fingerprint=SHA256:$PIN" "$WORK/pull.out"
tries "without a folder the system's authorities count" refused 'no authority that is trusted here' "nbds://localhost:$PORT"
export SSL_CERT_FILE=$WORK/pki/ours/ca-cert.pem
tries "... and what SSL_CERT_FILE names" pulls_whole "$SOURCE" "nbds://localhost:$PORT" "$WORK/system"
unset SSL_CERT_FILE
tries "a pinned certificate needs no authority" pulls_whole "$SOURCE" "nbds://localhost:$PORT/?tls-fingerprint=SHA256:$PIN" "$WORK/c"
tries "... with the fingerprint written without colons and in small letters" \
    pulls_whole "$SOURCE" "nbds://localhost:$PORT/?tls-fingerprint=$(tr -d : <<<"${PIN,,}")" "$WORK/d"
OTHER=$(fingerprint "$WORK/pki/ours/ca-cert.pem")
tries "another fingerprint: both are shown" refused "expected SHA256:$OTHER, it shows SHA256:$PIN" "nbds://localhost:$PORT/?tls-fingerprint=$OTHER"
tries "nbd:// to a server that insists on TLS: write nbds" refused 'insists on TLS' "nbd://localhost:$PORT"
tries "... is what it says" grep -q 'Write nbds in place of nbd' "$WORK/pull.out"
echo alice:0102030405060708090a0b0c0d0e0f10 >"$WORK/keys.psk"
tries "a key where certificates are wanted" refused 'shows a certificate and asks for no key' "nbds://localhost:$PORT/?tls-psk-file=$WORK/keys.psk"
stop "$SERVER"

over_tcp stranger
tries "the certificate of another host: both names" refused 'certificate is for elsewhere.example, and not for localhost' "nbds://localhost:$PORT/?$TRUST/ours"
tries "... is accepted when it is pinned" \
    pulls_whole "$SOURCE" "nbds://localhost:$PORT/?tls-fingerprint=$(fingerprint "$WORK/pki/stranger/server-cert.pem")" "$WORK/e"
stop "$SERVER"

over_tcp expired
tries "an expired certificate: until when, and what time this machine believes it is" \
    refused "valid only until 2020-01-02 03:04 UTC, and this machine's clock says ($(date -u +%F)|$(date -u -d tomorrow +%F))" "nbds://localhost:$PORT/?$TRUST/ours"
tries "... and how to set the clock" grep -q 'date -u -s' "$WORK/pull.out"
stop "$SERVER"
over_tcp young
tries "a certificate that is not valid yet" refused "valid only from 2222-02-02 02:02 UTC, and this machine's clock says" "nbds://localhost:$PORT/?$TRUST/ours"
stop "$SERVER"

serve_tls unix right file "$SOURCE"
meddle unix look 38 1 # after NBD's greeting and its answer to STARTTLS
tries "over a Unix socket, where there is no name to compare" pulls_whole "$SOURCE" "$(tls_uri unix-met "$TRUST/ours")" "$WORK/f"
tries "... by AES-128-GCM, which is offered first" grep -q '^cipher 1301$' "$WORK/meddler.log"
serve_nbdkit plain file "$SOURCE"
tries "a server without TLS is not spoken to in the clear" refused 'the server offers no TLS' "$(tls_uri plain "$TRUST/ours")"
stop "$SERVER"
serve_rotten xenserver "$SOURCE" odd-xenserver
tries "... nor one that hangs up when it is asked for TLS (XenServer)" refused 'closed the connection' "$(tls_uri xenserver "$TRUST/ours")"
stop "$SERVER"

serve_tls strict right --tls-verify-peer file "$SOURCE"
tries "a server that wants to see our certificate" pulls_whole "$SOURCE" "$(tls_uri strict "$TRUST/right")" "$WORK/g"
tries "... we have none: that is what it says" refused 'the server (ends TLS|hung up)' "$(tls_uri strict "$TRUST/ours")"
tries "... and what is missing" grep -q 'client-cert.pem' "$WORK/pull.out"
tries "... ours is signed by somebody else" refused 'the server (ends TLS|hung up)' "$(tls_uri strict "$TRUST/wronged")"
cp "$WORK/pki/ours/ca-key.pem" "$WORK/pki/wronged/client-key.pem"
tries "... ours does not go with its key" refused 'use the client key .*wronged/client-key.pem' "$(tls_uri strict "$TRUST/wronged")"
tries "a folder without any of it" refused 'has neither ca-cert.pem nor client-cert.pem' "$(tls_uri strict "tls-certificates=$WORK")"
stop "$SERVER"

serve_qemu qemu -f raw --object "tls-creds-x509,id=tls0,endpoint=server,dir=$WORK/pki/right,verify-peer=yes" --tls-creds tls0 -e 4 "$SOURCE"
tries "qemu-nbd, which wants to see our certificate" pulls_whole "$SOURCE" "$(tls_uri qemu "$TRUST/right")" "$WORK/h"
tries "... we have none" refused 'the server (ends TLS|hung up)|closed the connection' "$(tls_uri qemu "$TRUST/ours")"
stop "$SERVER"
serve_qemu old -f raw --object "tls-creds-x509,id=tls0,endpoint=server,dir=$WORK/pki/right,verify-peer=no,priority=NORMAL:-VERS-TLS1.3" --tls-creds tls0 -e 4 "$SOURCE"
tries "a server that knows TLS 1.2 only" pulls_whole "$SOURCE" "$(tls_uri old "$TRUST/ours")" "$WORK/i"
stop "$SERVER"
serve_qemu older -f raw --object "tls-creds-x509,id=tls0,endpoint=server,dir=$WORK/pki/right,verify-peer=no,priority=NORMAL:-VERS-ALL:+VERS-TLS1.1" --tls-creds tls0 -e 4 "$SOURCE"
tries "... and one that knows TLS 1.1 only is refused" refused 'the server (ends TLS|hung up)' "$(tls_uri older "$TRUST/ours")"
stop "$SERVER"
tap_done

# shellcheck shell=bash
# What the tests of TLS share: authorities, certificates and keys, made anew for each test below $WORK/pki, and servers that
# ask for them. Source it after all.sh.

# template NAME LINES…
template() {
    local name=$1
    shift
    printf '%s\n' "cn = \"$name\"" "$@"
}

# authority NAME: $WORK/pki/NAME/ca-cert.pem and its key.
authority() {
    mkdir -p "$WORK/pki/$1"
    (
        cd "$WORK/pki/$1" || exit
        certtool --generate-privkey --ecc --outfile ca-key.pem
        certtool --generate-self-signed --load-privkey ca-key.pem --template <(template "authority $1" ca cert_signing_key) --outfile ca-cert.pem
    ) 2>>"$WORK/certtool.log"
}

# certificate AUTHORITY KIND(server|client) FOLDER LINES…: KIND-cert.pem and KIND-key.pem, and the authority's, in that folder of the pki.
certificate() {
    local ca=$WORK/pki/$1 kind=$2 folder=$WORK/pki/$3
    shift 3
    mkdir -p "$folder"
    [ -e "$folder/ca-cert.pem" ] || cp "$ca/ca-cert.pem" "$folder"
    {
        certtool --generate-privkey --ecc --outfile "$folder/$kind-key.pem"
        certtool --generate-certificate --load-ca-certificate "$ca/ca-cert.pem" --load-ca-privkey "$ca/ca-key.pem" \
            --load-privkey "$folder/$kind-key.pem" --outfile "$folder/$kind-cert.pem" \
            --template <(template "the $kind" signing_key encryption_key "tls_www_$kind" "$@")
    } 2>>"$WORK/certtool.log"
}

fingerprint() { openssl x509 -in "$1" -noout -fingerprint -sha256 | sed 's/.*=//'; }

# serve_tls NAME FOLDER OPTIONS…: nbdkit on a Unix socket with that folder's certificate, and no connection without TLS.
serve_tls() {
    local name=$1 folder=$2
    shift 2
    serve_nbdkit "$name" --tls=require --tls-certificates="$WORK/pki/$folder" "$@"
}

# serve_psk NAME KEYFILE OPTIONS…
serve_psk() {
    local name=$1 keys=$2
    shift 2
    serve_nbdkit "$name" --tls=require --tls-psk="$keys" "$@"
}

# tls_uri NAME SETTINGS [IDENTITY@]: the source of `serve…`.
tls_uri() { echo "nbds+unix://${3:-}/?socket=$WORK/$1.sock${2:+&$2}"; }

# Between the client and NAME's server: see meddler.py. The source is then $(tls_uri NAME-met …).
meddle() {
    local name=$1 what=$2 from=$3 times=$4
    rm -f "$WORK/$name-met.sock"
    start meddler python3 "$TOP/tests/pull/lib/meddler.py" "$WORK/$name-met.sock" "$WORK/$name.sock" "$what" "$from" "$times"
    wait_for_socket "$WORK/$name-met.sock"
}

#!/bin/bash
# What is told of a disk over TLS is what is told of the disk itself, by a key and by a pinned certificate; a server that is
# not the right one is named before anything is read, and nothing of ours outlives us.
set -euo pipefail
# shellcheck source=tests/guests/lib/disk.sh
. "$(dirname "$0")/lib/disk.sh"
# shellcheck source=tests/guests/lib/nbd.sh
. "$(dirname "$0")/lib/nbd.sh"
needs openssl

tree "$WORK/tree"
disk "$WORK/disk" "$WORK/tree"
mkdir "$WORK/pki"
echo alice:000102030405060708090a0b0c0d0e0f >"$WORK/keys.psk"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=elsewhere.example -days 30 \
    -keyout "$WORK/pki/server-key.pem" -out "$WORK/pki/server-cert.pem" 2>/dev/null
cp "$WORK/pki/server-cert.pem" "$WORK/pki/ca-cert.pem"
FINGERPRINT=$(openssl x509 -in "$WORK/pki/server-cert.pem" -noout -fingerprint -sha256 | sed 's/.*=//')
KEY=${URI/nbd/nbds}\&tls-psk-file=$WORK/keys.psk
PIN=${URI/nbd/nbds}\&tls-fingerprint=SHA256:$FINGERPRINT
WRONG_PIN=${URI/nbd/nbds}\&tls-fingerprint=${FINGERPRINT//[0-9A-F]/0}
export FINGERPRINT

same_account_at() { URI=$1 the_same_account; }
other_certificate() { fails_with "it shows SHA256:$FINGERPRINT" timeout 60 "$REHOST" inspect "$1"; }

# Each connection of nbdfuse has a process of ours.
nothing_is_left() { ! pgrep -af "^$REHOST inspect .*$SOCKET"; }
nothing_left() { wait_until nothing_is_left; }

killed() {
    "$REHOST" inspect --json "$1" >/dev/null 2>&1 &
    local pid=$!
    sleep 1
    kill -9 "$pid" 2>/dev/null || true
    wait "$pid" || true
    nothing_left
}

must "a server asks for a key" serve --tls=require --tls-psk="$WORK/keys.psk" file "$WORK/disk"
claim "what is told of a disk by a key is what is told of the disk" same_account_at "$KEY"
claim "... and nothing of ours is left" nothing_left
stop
must "a server has a certificate for another name, which nobody signed" serve --tls=require --tls-certificates="$WORK/pki" file "$WORK/disk"
claim "... by its fingerprint it is read all the same" same_account_at "$PIN"
claim "... by another fingerprint it is not" other_certificate "$WRONG_PIN"
stop
must "a slow server" serve --tls=require --tls-psk="$WORK/keys.psk" --filter=delay file "$WORK/disk" delay-read=200ms
claim "killed in the middle, nothing of ours is left" killed "$KEY"
stop
tap_done

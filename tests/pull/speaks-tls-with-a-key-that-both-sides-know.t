#!/bin/bash
# nbds:// by a pre-shared key: against nbdkit and qemu-nbd (both GnuTLS), and what is said when the keys differ. The key itself
# is never said.
set -euo pipefail
# shellcheck source=tests/pull/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
# shellcheck source=tests/pull/lib/tls.sh
. "$(dirname "$0")/lib/tls.sh"
needs nbdkit qemu-nbd psktool certtool perl python3

SOURCE=$WORK/source.img
make_source "$SOURCE" $((8 * 1048576))
mkdir "$WORK/qemu-keys"
psktool -u alice -p "$WORK/keys.psk" >/dev/null 2>&1
cp "$WORK/keys.psk" "$WORK/qemu-keys/keys.psk"
psktool -u alice -p "$WORK/other.psk" >/dev/null 2>&1
psktool -u bob -p "$WORK/bob.psk" >/dev/null 2>&1
cat "$WORK/keys.psk" "$WORK/bob.psk" >"$WORK/both.psk"
KEYS=tls-psk-file=$WORK

# refused PATTERN URI: exit status 1 with that message, no file was made, and no key was said.
refused() {
    pull_says 1 "$@" "$WORK/refused" && [ ! -e "$WORK/refused" ] || return 1
    ! grep -qFf <(cut -d: -f2 "$WORK"/*.psk) "$WORK/pull.out" || { echo "a key is in the output"; return 1; }
}

serve_psk nbdkit "$WORK/keys.psk" file "$SOURCE"
meddle nbdkit look 38 1 # after NBD's greeting and its answer to STARTTLS
tries "nbdkit, with the identity in the URI" pulls_whole "$SOURCE" "$(tls_uri nbdkit-met "$KEYS/keys.psk" alice@)" "$WORK/a"
tries "... by AES-128-GCM: left to itself GnuTLS would take ChaCha20" grep -q '^cipher 1301$' "$WORK/meddler.log"
tries "a file with one key needs no identity" pulls_whole "$SOURCE" "$(tls_uri nbdkit "$KEYS/keys.psk")" "$WORK/b"
tries "a file with two does" refused 'both.psk: it has 2 keys' "$(tls_uri nbdkit "$KEYS/both.psk")"
tries "... and the right one is taken" pulls_whole "$SOURCE" "$(tls_uri nbdkit "$KEYS/both.psk" alice@)" "$WORK/c"
tries "another key of the same name" refused 'the server (ends TLS|hung up)' "$(tls_uri nbdkit "$KEYS/other.psk" alice@)"
tries "... asks whether the keys are the same" grep -q 'have a line for "alice", with the same key?' "$WORK/pull.out"
tries "a name that the server does not know" refused 'the server (ends TLS|hung up)' "$(tls_uri nbdkit "$KEYS/bob.psk")"
tries "a name that the file does not know" refused 'keys.psk: it has no key of the name "carol"' "$(tls_uri nbdkit "$KEYS/keys.psk" carol@)"
tries "a key file that is not there" refused 'the key file .*/none.psk: read it: No such file' "$(tls_uri nbdkit "$KEYS/none.psk")"
tries "no key where the server knows nothing else" refused 'the server (ends TLS|hung up)' "$(tls_uri nbdkit)"
tries "... names both ways out" grep -q 'tls-certificates=DIR.*tls-psk-file=FILE' "$WORK/pull.out"
stop "$SERVER"

serve_qemu qemu -f raw --object "tls-creds-psk,id=tls0,endpoint=server,dir=$WORK/qemu-keys" --tls-creds tls0 -e 4 "$SOURCE"
tries "qemu-nbd" pulls_whole "$SOURCE" "$(tls_uri qemu "$KEYS/keys.psk" alice@)" "$WORK/d"
tries "... with another key" refused 'the server (ends TLS|hung up)' "$(tls_uri qemu "$KEYS/other.psk" alice@)"
tries "... in the clear: write nbds" refused 'insists on TLS' "$(uri qemu)"
stop "$SERVER"
serve_qemu old -f raw --object "tls-creds-psk,id=tls0,endpoint=server,dir=$WORK/qemu-keys,priority=NORMAL:-VERS-TLS1.3" --tls-creds tls0 -e 4 "$SOURCE"
tries "a server that knows TLS 1.2 only" pulls_whole "$SOURCE" "$(tls_uri old "$KEYS/keys.psk" alice@)" "$WORK/e"
stop "$SERVER"
tap_done

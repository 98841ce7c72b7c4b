#!/bin/bash
# A disk and its image on an SSH server, with a key and with a password; the server is known by its key.
# shellcheck disable=SC2154 # port_reserve sets the ports
set -euo pipefail
# shellcheck source=tests/source/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
needs openssl sshd ssh-keygen qemu-img qemu-nbd nbdkit nbdfuse mke2fs sfdisk
make_disk
export HOME=$WORK/home
mkdir -p "$HOME/.ssh"

configure() {
    ssh-keygen -q -t ed25519 -N '' -f "$WORK/host"
    ssh-keygen -q -t ed25519 -N '' -f "$WORK/other"
    ssh-keygen -q -t ed25519 -N '' -f "$WORK/login"
    cp "$WORK/login.pub" "$WORK/authorized"
    qemu-img convert -O qcow2 "$DISK" "$WORK/web.qcow2"
    split_image "$WORK" "my web"
    echo "[127.0.0.1]:$port $(cat "$WORK/host.pub")" >"$WORK/known"
    echo "[127.0.0.1]:$port $(cat "$WORK/other.pub")" >"$WORK/wrong-known"
    printf '%s\n' "Port $port" "ListenAddress 127.0.0.1" "HostKey $WORK/host" "PidFile none" "AuthorizedKeysFile $WORK/authorized" \
        "StrictModes no" "PerSourcePenalties no" "UsePAM no" "PermitRootLogin yes" "PasswordAuthentication yes" "Subsystem sftp internal-sftp" >"$WORK/sshd_config"
    mkdir -p /run/sshd
    echo "root:$(openssl passwd -6 'pa ss=wd'):19000:0:99999:7:::" >"$WORK/shadow"
    mount --bind "$WORK/shadow" /etc/shadow # of our mount namespace alone
    echo 'pa ss=wd' >"$WORK/right"
    echo 'guess' >"$WORK/wrong"
}

serve() {
    start sshd "$(command -v sshd)" -D -e -f "$WORK/sshd_config"
    wait_for_port "$port" || { cat "$WORK/sshd.log"; return 1; }
}

fingerprint() { ssh-keygen -l -f "$1" | cut -d' ' -f2; }

unknown() {
    refuses "$uri#identity=$WORK/login" 'the host key is unknown' && grep -q 'fingerprint=' "$WORK/pull.out"
}

other_key() {
    refuses "$uri#identity=$WORK/login&fingerprint=$(fingerprint "$WORK/other.pub")" 'has another host key than the one that is pinned' &&
        grep -q "pinned  $(fingerprint "$WORK/other.pub")" "$WORK/pull.out" && grep -q "shown   $(fingerprint "$WORK/host.pub")" "$WORK/pull.out"
}

port_reserve port
uri="ssh://root@127.0.0.1:$port$WORK/web.qcow2"
configure
must "the SSH server starts" serve
tries "a qcow2 image, the server known by its file" arrives_by "$uri#identity=$WORK/login&known-hosts=$WORK/known"
tries "a raw disk, the server known by its fingerprint" arrives_by "ssh://root@127.0.0.1:$port$DISK#identity=$WORK/login&fingerprint=$(fingerprint "$WORK/host.pub")"
tries "with a password" arrives_by "$uri#password-file=$WORK/right&known-hosts=$WORK/known"
tries "a VMDK in several parts" arrives_by "ssh://root@127.0.0.1:$port$WORK/my%20web.vmdk#password-file=$WORK/right&known-hosts=$WORK/known"
tries "a wrong password" refuses "$uri#password-file=$WORK/wrong&known-hosts=$WORK/known" 'authentication'
tries "a server that is not known is refused, with the way to know it" unknown
tries "a server with another key than the known one is refused" refuses "$uri#identity=$WORK/login&known-hosts=$WORK/wrong-known" 'host key.*(changed|different|type)'
tries "a server with another key than the pinned one is refused" other_key
tries "a key that the server does not accept" refuses "$uri#identity=$WORK/other&known-hosts=$WORK/known" '[Aa]uthentication|denied|method'
tries "a file that is not there" refuses "ssh://root@127.0.0.1:$port/nothing.img#identity=$WORK/login&known-hosts=$WORK/known" '[Nn]o such file|cannot open'
tap_done

#!/bin/bash
# A qcow2 image in a folder of an old hypervisor, over ssh with a password; the host's key is pinned.
# minutes: 3
# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "$0")/lib/all.sh"

PASSWORD='ssh-secret-4711'

sshd_configure() {
    ssh-keygen -q -t ed25519 -N '' -f "$WORK/host-key"
    echo "root:$(openssl passwd -6 "$PASSWORD"):20000:0:99999:7:::" >"$WORK/shadow"
    cat >"$WORK/sshd.conf" <<SSHD
ListenAddress 127.0.0.1
Port $source_port
HostKey $WORK/host-key
PidFile none
UsePAM no
PermitRootLogin yes
PasswordAuthentication yes
KbdInteractiveAuthentication no
StrictModes no
Subsystem sftp internal-sftp
SSHD
}

# The password belongs to this server alone: it sees another /etc/shadow than everybody else.
sshd_run() {
    source_run server "$source_port" unshare --mount sh -c "mkdir -p /run/sshd; mount --bind $WORK/shadow /etc/shadow; exec /usr/sbin/sshd -D -e -f $WORK/sshd.conf"
}

host_fingerprint() { ssh-keygen -l -E sha256 -f "$WORK/host-key.pub" | cut -d ' ' -f 2; }

appliance_prerequisites vmlinuz initramfs.img
image=$(guest_image debian12)
must "the disk becomes a qcow2 image" qemu-img convert -O qcow2 "$image" "$WORK/server.qcow2"
move_file "$WORK/server.qcow2"
sshd_configure
sshd_run
move_from_claims "ssh://root@10.0.2.2:$source_port$source_image#fingerprint=$(host_fingerprint)" "$PASSWORD"

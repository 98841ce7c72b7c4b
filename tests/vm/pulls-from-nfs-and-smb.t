#!/bin/bash
# The kernel's own clients are in the image alone: the appliance pulls one disk from an NFS server by version 4 and by version 3, and from
# an SMB server with a password; as images with their parts beside them. All servers are in a network namespace with the machine.
# minutes: 1
[ -n "${IN_NAMESPACE:-}" ] || IN_NAMESPACE=1 exec unshare --mount --net --pid --fork --kill-child --mount-proc bash "$0" "$@"
# shellcheck source=tests/image/lib/image.sh
. "$(dirname "$0")/../image/lib/image.sh"
needs vmlinuz initramfs.img
for program in ganesha.nfsd rpcbind smbd smbpasswd qemu-img; do
    command -v "$program" >/dev/null || skip_all "$program is missing here"
done

BYTES=$((24 << 20))
export_folder=$WORK/export

make_images() {
    mkdir -p "$export_folder/web"
    head -c 6000000 /dev/urandom >"$WORK/disk.img"
    truncate -s "$BYTES" "$WORK/disk.img"
    printf '\x55\xaa' | dd of="$WORK/disk.img" bs=1 seek=510 conv=notrunc status=none
    qemu-img convert -O vmdk -o subformat=twoGbMaxExtentSparse "$WORK/disk.img" "$export_folder/web/split.vmdk"
    qemu-img convert -O qcow2 "$WORK/disk.img" "$export_folder/web/base.qcow2"
    qemu-img create -q -f qcow2 -b base.qcow2 -F qcow2 "$export_folder/web/snapshot.qcow2"
    ln -s /init "$export_folder/web/link.img"
    chmod -R a+rX "$WORK" "$export_folder"
}

start_nfs() {
    {
        echo "NFS_CORE_PARAM { MNT_Port = 20048; Enable_NLM = false; Enable_RQUOTA = false; mount_path_pseudo = true; allow_set_io_flusher_fail = true; Protocols = 3, 4; }"
        echo "NFSv4 { Graceless = true; RecoveryBackend = fs; RecoveryRoot = $WORK/recovery; }"
        for version in 3 4; do
            echo "EXPORT { Export_Id = $version; Path = $export_folder; Pseudo = /v$version; Access_Type = RO; Squash = No_Root_Squash; SecType = sys;
                Protocols = $version; Filesystem_id = $version.1; FSAL { Name = VFS; } }"
        done
    } >"$WORK/ganesha.conf"
    mkdir -p "$WORK/recovery"
    rpcbind -w -h 127.0.0.1 || rpcbind -h 127.0.0.1
    ganesha.nfsd -F -f "$WORK/ganesha.conf" -L "$WORK/ganesha.log" -p "$WORK/ganesha.pid" &
}

start_smb() {
    mkdir -p "$WORK/samba"
    printf '%s\n' "[global]" "interfaces = lo" "bind interfaces only = yes" "server min protocol = SMB2" "disable netbios = yes" "smb ports = 445" \
        "private dir = $WORK/samba" "lock directory = $WORK/samba" "state directory = $WORK/samba" "cache directory = $WORK/samba" \
        "pid directory = $WORK/samba" "ncalrpc dir = $WORK/samba/rpc" "log file = $WORK/smbd.log" "load printers = no" \
        "[images]" "path = $export_folder" "read only = yes" >"$WORK/smb.conf"
    printf 'pa,ss wd\npa,ss wd\n' | smbpasswd -c "$WORK/smb.conf" -s -a root
    smbd -F --no-process-group -l "$WORK/samba" -s "$WORK/smb.conf" &
}

servers_start() {
    ip link set lo up
    mount -t tmpfs run /run
    start_nfs >"$WORK/nfs.out.log" 2>&1
    start_smb >"$WORK/smb.out.log" 2>&1
    for port in 2049 20048 445 111; do
        wait_until port_answers "$port" && continue
        echo "nobody listens on port $port"
        tail -n 20 "$WORK/nfs.out.log" "$WORK/smb.out.log" "$WORK/ganesha.log" 2>&1
        return 1
    done
}

# arrives URI: all bytes, and nothing is left mounted or running.
arrives() {
    local digest
    digest=$(sha256sum "$WORK/disk.img" | cut -c1-64)
    shell_true appliance "rehost pull --restart '$1' /dev/vda && sync && head -c $BYTES /dev/vda | sha256sum | grep -q $digest" &&
        shell_true appliance "! grep -E ' (nfs4?|cifs) ' /proc/mounts && ! pidof nbdkit qemu-nbd && ! ls -d /run/rehost-??????"
}

# refused URI PATTERN
refused() { shell_true appliance "! rehost pull --restart '$1' /dev/vda >/tmp/said 2>&1 && cat /tmp/said && grep -qE '$2' /tmp/said"; }

make_images
must "the servers start" servers_start
blank_disk "$WORK/target.img" 32M
boot_shell appliance disk="$WORK/target.img"
must "the network is up" shell_true appliance "/lib/rehost/net-up auto dhcp"
tries "NFS 4, a qcow2 image and its snapshot" arrives nfs://10.0.2.2/v4/web/snapshot.qcow2
tries "NFS 4, a VMDK in parts" arrives nfs://10.0.2.2/v4/web/split.vmdk
tries "NFS 3, a VMDK in parts" arrives nfs://10.0.2.2/v3/web/split.vmdk
tries "a folder that the server does not export" refused nfs://10.0.2.2/other/x.img 'mount 10.0.2.2:/other by NFS 4 or 3'
tries "a link on the server leads nowhere" refused nfs://10.0.2.2/v4/web/link.img 'leads out|look at|Too many|symbolic'
must "the password is in a file" shell_true appliance "printf 'pa,ss wd\\n' >/tmp/right; echo guess >/tmp/wrong"
tries "SMB, a VMDK in parts" arrives "smb://root@10.0.2.2/images/web/split.vmdk#password-file=/tmp/right"
tries "SMB with a wrong password" refused "smb://root@10.0.2.2/images/web/split.vmdk#password-file=/tmp/wrong" 'does not accept the user or the password'
tries "nothing of the passwords is in the kernel's messages or mounts" shell_true appliance "! dmesg | grep -q 'pa,ss'"
tap_done

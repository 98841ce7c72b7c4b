# shellcheck shell=bash disable=SC2154
# Machines in QEMU. A machine is a file of a few lines in machines/; what changes from test to test is given as key=value:
#
#   machine_start target virtio disk="$WORK/disk.img" cdrom="$OUT/rehost.iso" boot=once=d ssh="$port"
#
# board             pc (default) or q35
# memory            MiB
# firmware          bios, uefi or uefi-secure
# disk_controller   virtio-blk, virtio-scsi, lsi53c895a, ahci, ide, nvme, pvscsi, megasas, mptsas1068
# nics              "MODEL=MAC …"; each gets a network of its own, 10.0.2.0/24, in which the host's loopback is 10.0.2.2
# disk, disk2       raw image files, disk_options is added to each (snapshot=on for an image that must not change)
# cdrom, usb_stick  image files (read only)
# kernel initrd append   direct boot
# boot              for QEMU's -boot
# ssh               port of the host's loopback that leads to port 22 of guest_address behind the first NIC
# netdev_options    added to the first network (tftp=DIR,bootfile=NAME)
# extra             more arguments for QEMU
#
# A running machine NAME has in $WORK: NAME.pid, NAME.serial.log, NAME.serial.in (keyboard), NAME.qmp (socket), NAME.qemu.log, NAME.command.

MACHINES=()
OVMF_DIR=${OVMF_DIR:-/usr/share/OVMF}

# machine_start NAME MACHINE [KEY=VALUE]…
machine_start() {
    local name=$1 machine=$2
    shift 2
    local -a command
    machine_command "$name" "$machine" "$@"
    printf '%q ' "${command[@]}" >"$WORK/$name.command"
    serial_prepare "$name"
    "${command[@]}" >"$WORK/$name.qemu.log" 2>&1 </dev/null &
    echo $! >"$WORK/$name.pid"
    MACHINES+=("$name")
    machine_wait_start "$name"
}

# machine_command NAME MACHINE [KEY=VALUE]…: fills the array "command" of the caller.
machine_command() {
    local name=$1 file="$VM_DIR/machines/$2.sh" setting
    shift 2
    local board=pc memory=512 firmware=bios disk_controller=virtio-blk nics= disk= disk2= disk_options= cdrom= usb_stick=
    local kernel= initrd= append= boot= ssh= guest_address=10.0.2.77 netdev_options= extra=
    # shellcheck source=/dev/null
    . "$file"
    for setting in "$@"; do local "${setting?}"; done
    local -a more
    read -ra command <<<"qemu-system-x86_64 $(accel_arguments) -name $name -m $memory -nodefaults -display none -vga std"
    command+=(-chardev "pipe,id=serial,path=$WORK/$name.serial" -serial chardev:serial
        -qmp "unix:$WORK/$name.qmp,server=on,wait=off")
    machine_add_firmware "$name"
    machine_add_controller
    if [ -n "$disk" ]; then machine_add_disk "$disk" 0; fi
    if [ -n "$disk2" ]; then machine_add_disk "$disk2" 1; fi
    machine_add_media
    machine_add_nics
    if [ -n "$kernel" ]; then command+=(-kernel "$kernel" -append "$append"); fi
    if [ -n "$initrd" ]; then command+=(-initrd "$initrd"); fi
    if [ -n "$boot" ]; then command+=(-boot "$boot"); fi
    read -ra more <<<"$extra"
    command+=("${more[@]}")
}

# The machine_add_* functions work on the locals of machine_command.
machine_add_firmware() {
    case $firmware in
    bios) command+=(-machine "$board") ;;
    uefi) command+=(-machine q35); machine_add_ovmf "$1" OVMF_CODE_4M.fd OVMF_VARS_4M.fd ;;
    uefi-secure)
        command+=(-machine q35,smm=on -global driver=cfi.pflash01,property=secure,value=on)
        machine_add_ovmf "$1" OVMF_CODE_4M.ms.fd OVMF_VARS_4M.ms.fd ;;
    *) echo "machine: unknown firmware '$firmware'" >&2; return 1 ;;
    esac
}

machine_add_ovmf() {
    local variables="$WORK/$1.vars.fd"
    [ -e "$variables" ] || cp "$OVMF_DIR/$3" "$variables"
    command+=(-drive "if=pflash,unit=0,format=raw,readonly=on,file=$OVMF_DIR/$2"
        -drive "if=pflash,unit=1,format=raw,file=$variables")
}

machine_add_controller() {
    case $disk_controller in
    lsi53c895a) command+=(-device lsi53c895a,id=scsi0) ;;
    virtio-scsi) command+=(-device virtio-scsi-pci,id=scsi0) ;;
    pvscsi | megasas | mptsas1068) command+=(-device "$disk_controller,id=scsi0") ;;
    ahci) command+=(-device ahci,id=ahci0) ;;
    virtio-blk | ide | nvme) ;;
    *) echo "machine: unknown disk controller '$disk_controller'" >&2; return 1 ;;
    esac
}

machine_add_disk() {
    local number=$2 serial=rehost$2
    command+=(-drive "if=none,id=disk$number,format=raw,cache=unsafe,discard=unmap,file=$1${disk_options:+,$disk_options}")
    case $disk_controller in
    lsi53c895a | virtio-scsi | pvscsi | megasas) command+=(-device "scsi-hd,bus=scsi0.0,scsi-id=$number,drive=disk$number,serial=$serial") ;;
    # Linux takes a disk without a SAS address for none, and QEMU gives it one only for a world wide name.
    mptsas1068) command+=(-device "scsi-hd,bus=scsi0.0,scsi-id=$number,drive=disk$number,serial=$serial,wwn=$((0x5000c50000000000 + number))") ;;
    ahci) command+=(-device "ide-hd,bus=ahci0.$number,drive=disk$number,serial=$serial") ;;
    ide) command+=(-device "ide-hd,bus=ide.0,unit=$number,drive=disk$number,serial=$serial") ;;
    nvme) command+=(-device "nvme,drive=disk$number,serial=$serial") ;;
    virtio-blk) command+=(-device "virtio-blk-pci,drive=disk$number,serial=$serial") ;;
    esac
}

machine_add_media() {
    if [ -n "$cdrom" ]; then
        command+=(-drive "if=none,id=cdrom0,format=raw,readonly=on,media=cdrom,file=$cdrom" -device ide-cd,bus=ide.1,drive=cdrom0)
    fi
    if [ -n "$usb_stick" ]; then
        command+=(-device qemu-xhci -drive "if=none,id=usb0,format=raw,snapshot=on,file=$usb_stick"
            -device usb-storage,drive=usb0,removable=on,bootindex=0)
    fi
}

machine_add_nics() {
    local nic number=0 options
    for nic in $nics; do
        options="user,id=net$number"
        if [ "$number" -eq 0 ]; then
            options+="${ssh:+,hostfwd=tcp:127.0.0.1:$ssh-$guest_address:22}${netdev_options:+,$netdev_options}"
        fi
        command+=(-netdev "$options" -device "${nic%%=*},netdev=net$number,mac=${nic#*=}")
        number=$((number + 1))
    done
}

# machine_wait_start NAME: QEMU has started when its QMP socket is there; if it ended instead, its own words say why.
machine_wait_start() {
    local try
    for try in $(seq 600); do
        if [ -S "$WORK/$1.qmp" ]; then return 0; fi
        machine_runs "$1" || break
        sleep 0.1
    done
    echo "machine $1 did not start (after $try looks): $(cat "$WORK/$1.qemu.log")" >&2
    return 1
}

machine_runs() { [ -e "$WORK/$1.pid" ] && kill -0 "$(cat "$WORK/$1.pid")" 2>/dev/null; }

# machine_wait_off NAME SECONDS: until the machine has switched itself off.
machine_wait_off() {
    local until=$((SECONDS + $2))
    while machine_runs "$1"; do
        if [ "$SECONDS" -ge "$until" ]; then
            echo "machine $1 is still on after $2 s; its last lines:" >&2
            serial_tail "$1" >&2
            return 1
        fi
        sleep 0.5
    done
    machine_forget "$1"
}

# machine_kill NAME: power cut.
machine_kill() {
    local pid
    machine_runs "$1" || { machine_forget "$1"; return 0; }
    pid=$(cat "$WORK/$1.pid")
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null || true
    machine_forget "$1"
}

machine_forget() { rm -f "$WORK/$1.pid" "$WORK/$1.qmp" "$WORK/$1.serial.in"; }

machine_stop_all() {
    local name
    for name in "${MACHINES[@]}"; do machine_kill "$name"; done
}

# machine_qmp NAME COMMAND [ARGUMENTS-JSON]: one QMP command, its answer on standard output.
machine_qmp() {
    { printf '{"execute":"qmp_capabilities"}\n{"execute":"%s","arguments":%s}\n' "$2" "${3:-{\}}"; sleep 1; } |
        socat -t 2 - "UNIX-CONNECT:$WORK/$1.qmp"
}

# machine_pull_cable NAME NETWORK: out of the card on that one of QEMU's -netdev.
machine_pull_cable() {
    local answers
    answers=$(machine_qmp "$1" set_link "{\"name\":\"$2\",\"up\":false}")
    echo "$answers"
    [[ $answers != *'"error"'* ]]
}

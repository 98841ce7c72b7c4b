# shellcheck shell=bash
# ssh to a guest on its own address. The key is made once and laid into every guest image.

SSH_KEY=$CACHE/guests/ssh_key

# ssh_key_public: the public key, made when there is none yet.
ssh_key_public() {
    mkdir -p "$CACHE/guests"
    (
        flock 9
        [ -e "$SSH_KEY" ] || ssh-keygen -q -t ed25519 -N '' -C rehost-tests -f "$SSH_KEY"
    ) 9>"$SSH_KEY.lock"
    cat "$SSH_KEY.pub"
}

# guest_run PORT COMMAND…: runs it in the guest as root. A guest that is gone is noticed after two minutes.
guest_run() {
    local port=$1
    shift
    ssh -q -p "$port" -i "$SSH_KEY" -o IdentitiesOnly=yes -o BatchMode=yes -o ConnectTimeout=20 -o ServerAliveInterval=15 \
        -o ServerAliveCountMax=8 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null root@127.0.0.1 "$@" </dev/null
}

# ssh_wait NAME PORT SECONDS: until the guest answers ssh from another boot than the last time.
ssh_wait() {
    local until=$((SECONDS + $3)) boot
    while :; do
        if boot=$(guest_run "$2" cat /proc/sys/kernel/random/boot_id) && [ "$boot" != "$(ssh_boot "$1")" ]; then
            echo "$boot" >"$WORK/$1.boot"
            return 0
        fi
        if ! machine_runs "$1"; then serial_explain "$1" "ended before it answered ssh"; return 1; fi
        if [ "$SECONDS" -ge "$until" ]; then serial_explain "$1" "did not answer ssh within $3 s"; return 1; fi
        sleep 2
    done
}

ssh_boot() { cat "$WORK/$1.boot" 2>/dev/null || true; }

# guest_ask_reboot PORT: an ordered reboot; ssh_wait then waits for the next boot.
guest_ask_reboot() { guest_run "$1" 'nohup sh -c "sleep 1; /sbin/reboot" >/dev/null 2>&1 &'; }

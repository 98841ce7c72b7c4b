# shellcheck shell=bash
# KVM or TCG. /dev/kvm may exist and open and still not boot an ordinary kernel (seen: it hangs without a word), so a kernel
# is really booted for some seconds; without a root it panics, and the panic is the proof. The answer is kept for this boot of the host.

ACCEL_SECONDS=15

# accel: prints kvm or tcg. REHOST_ACCEL overrides.
accel() {
    local cache
    if [ -n "${REHOST_ACCEL:-}" ]; then echo "$REHOST_ACCEL"; return; fi
    if [ ! -w /dev/kvm ] || [ -z "$(accel_kernel)" ]; then echo tcg; return; fi
    cache=${TMPDIR:-/tmp}/rehost-accel.$(cat /proc/sys/kernel/random/boot_id).$(id -u)
    (
        flock 9
        if [ ! -s "$cache" ]; then accel_find_out >"$cache"; fi
        cat "$cache"
    ) 9>"$cache.lock"
}

accel_find_out() { if accel_boots "$(accel_kernel)"; then echo kvm; else echo tcg; fi; }

# accel_kernel: any kernel for this machine: ours, or the host's, or one of a guest's.
accel_kernel() {
    local kernel
    for kernel in "$OUT/vmlinuz" /boot/vmlinuz-* "$CACHE"/guests/*.vmlinuz; do
        if [ -r "$kernel" ]; then echo "$kernel"; return; fi
    done
}

accel_boots() {
    local log="$WORK/accel.log"
    timeout "$ACCEL_SECONDS" qemu-system-x86_64 -accel kvm -cpu host -m 256 -nodefaults -display none -no-reboot \
        -kernel "$1" -append 'console=ttyS0 panic=-1' -serial "file:$log" >/dev/null 2>&1 || true
    grep -qa 'Kernel panic' "$log"
}

# accel_arguments: what QEMU is given. Under TCG one emulated processor is one host thread; "max" would add
# emulated AVX and five-level page tables, which cost more than they give. AES and PCLMULQDQ are the host's own where it has them.
accel_arguments() {
    case $(accel) in
    kvm) echo "-accel kvm -cpu host" ;;
    *) echo "-accel tcg,thread=multi,tb-size=512 -cpu qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt,+cx16,+rdrand,+aes,+pclmulqdq" ;;
    esac
}

#!/bin/bash
# SeaBIOS, El Torito, isolinux. Nothing is read from the medium once the appliance runs. Screen and serial line are one console.
# shellcheck source=tests/image/lib/image.sh
. "$(dirname "$0")/lib/image.sh"

cd_is_out() { machine_qmp medium query-block | tr -d '\r\n' | grep -q '"tray_open": true'; }

eject_cd() {
    machine_qmp medium eject '{"id":"cd","force":true}'
    wait_until cd_is_out
}

needs rehost.iso
boot_medium BIOS boot=d extra="-drive if=none,id=cdrom0,format=raw,readonly=on,media=cdrom,file=$OUT/rehost.iso -device ide-cd,id=cd,bus=ide.1,drive=cdrom0"
must "the CD can be taken out" eject_cd
must "rehost goes on without it, up to its first question" expect medium 'Source \(.*: ' "$BOOT_SECONDS"
type_text medium '!'
must "a shell is one key away" expect medium 'rehost shell # ' "$BOOT_SECONDS"
# vcs1 is what stands on the screen now, as characters.
tries "the screen shows what the serial line shows" shell_true medium 'grep -q "==> hardware" /dev/vcs1 && grep -q "Source (" /dev/vcs1'
tap_done

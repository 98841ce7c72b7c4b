#!/bin/bash
# The network card's own iPXE fetches rehost.ipxe by TFTP; the job stands behind "kernel vmlinuz", as the folder's README says.
# shellcheck source=tests/image/lib/image.sh
. "$(dirname "$0")/lib/image.sh"

needs pxe/rehost.ipxe
cp -r "$OUT/pxe" "$WORK/tftp"
sed -i 's|^kernel .*|& rehost.source=nbd://10.0.2.2:11001/pxe-job|' "$WORK/tftp/rehost.ipxe"
boot_medium BIOS boot=n netdev_options="tftp=$WORK/tftp,bootfile=rehost.ipxe"
tries "the source of the job is the one it asks" expect medium 'nbd://10.0.2.2:11001/pxe-job' "$BOOT_SECONDS"
tap_done

#!/bin/bash
# pxelinux by TFTP, with its menu from pxelinux.cfg/default.
# shellcheck source=tests/image/lib/image.sh
. "$(dirname "$0")/lib/image.sh"

needs pxe/pxelinux.0
boot_medium BIOS boot=n netdev_options="tftp=$OUT/pxe,bootfile=pxelinux.0"
tap_done

#!/bin/bash
# A guest whose NIC is named and addressed by systemd's own files, with a hand-written list of initramfs modules.
# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
unattended_move_claims networkd

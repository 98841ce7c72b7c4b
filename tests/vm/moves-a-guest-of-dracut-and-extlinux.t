#!/bin/bash
# Debian 12 without GRUB and without initramfs-tools: its own dracut and extlinux are what is changed.
# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
unattended_move_claims extlinux moved_claims_once

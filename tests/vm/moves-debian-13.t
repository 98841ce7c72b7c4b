#!/bin/bash
# Debian 13, moved without a question asked: it answers ssh on its own address, after reboots and updates too.
# minutes: 6
# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
unattended_move_claims debian13

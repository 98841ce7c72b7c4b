#!/bin/bash
# Debian 11, moved without a question asked: it answers ssh on its own address, after reboots and updates too.
# minutes: 5
# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
unattended_move_claims debian11

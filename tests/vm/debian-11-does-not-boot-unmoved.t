#!/bin/bash
# Control: Debian 11 is sound where it was, and fails on the target without help.
# minutes: 2
# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
unmoved_claims debian11 /dev/sda1

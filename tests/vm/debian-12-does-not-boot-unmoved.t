#!/bin/bash
# Control: the canonical guest is sound where it was, and fails on the target without help.
# always
# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
unmoved_claims debian12 /dev/sda1

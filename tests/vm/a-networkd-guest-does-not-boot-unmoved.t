#!/bin/bash
# Control: a guest with UUIDs throughout is sound where it was, and still fails on the target: the driver is missing.
# minutes: 2
# shellcheck source=tests/vm/lib/all.sh
. "$(dirname "$0")/lib/all.sh"
unmoved_claims networkd UUID=6a7d2c31-5b0e-4d0a-9c55-1f6d6e1b0c12

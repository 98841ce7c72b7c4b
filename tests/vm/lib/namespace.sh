# shellcheck shell=bash
# A mount namespace of the test's own. Whoever makes one takes a copy of all mounts with him, and a file system that is unmounted here stays mounted
# there: its loop device is busy and it is not clean until he ends. rehost makes one with each start, and tests run side by side.
[ "$(id -u)" != 0 ] || [ -n "${REHOST_TEST_NAMESPACE:-}" ] || REHOST_TEST_NAMESPACE=own exec unshare --mount bash "$0" "$@"

# shellcheck shell=bash disable=SC2034,SC2154  # sourced by build: what it sets is read there, and what it reads is set by GUEST.guest
# An MBR, and one partition with ext4 or its elders.

# The features are named: those that mke2fs gives by default differ between the releases of the guest and of the builder.
layout_plain() {
    local bytes
    image_partition "$2"
    bytes=$(($(stat -c %s "$2") - PARTITION_START * 512))
    mke2fs -q -F -t "${root_type:-ext4}" -O "$ext4_features" -U "$ROOT_UUID" -d "$1" -E "offset=$((PARTITION_START * 512)),nodiscard" "$2" "$((bytes / 1024))k"
}

settings_plain() { :; }

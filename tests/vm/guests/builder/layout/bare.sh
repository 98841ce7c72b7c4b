# shellcheck shell=bash disable=SC2034,SC2154  # sourced by build: what it sets is read there, and what it reads is set by GUEST.guest
# A file system on the whole disk, and nothing else.

layout_bare() { mke2fs -q -F -t "$root_type" -U "$ROOT_UUID" -d "$1" -E nodiscard "$2"; }
settings_bare() { :; }

# shellcheck shell=bash
# How every part of the build speaks: commands are shown before they run, and failures say what to do.

note() { printf '\n== %s\n' "$*" >&2; }

# cmd COMMAND...: prints the command as it could be typed, then runs it.
cmd() {
    printf '+%s\n' "$(printf ' %q' "$@")" >&2
    "$@"
}

# die WHAT ADVICE...: what went wrong, and what to do about it.
die() {
    printf 'build.sh: %s\n' "$1" >&2
    shift
    printf '          %s\n' "$@" >&2
    exit 1
}

# list FILE...: the entries of a data file, without comments.
list() { sed -e 's/[[:space:]]*#.*//' -e '/^[[:space:]]*$/d' "$@"; }

# key_of WORD...: a short name for a set of inputs.
key_of() { printf '%s\n' "$@" | sha256sum | cut -c1-16; }

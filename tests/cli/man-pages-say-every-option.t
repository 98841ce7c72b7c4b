#!/bin/bash
# Every option that a command's --help shows stands in its man page, and the man page knows no other; the same for commands and job keys.
set -euo pipefail
TOP=$(cd "$(dirname "$0")/../.." && pwd)
REHOST=${REHOST:-$TOP/out/rehost}
WORK=$(mktemp -d "${TMPDIR:-/tmp}/rehost-man.XXXXXX")
trap 'rm -rf "$WORK"' EXIT
# shellcheck source=tests/vm/lib/tap.sh
. "$TOP/tests/vm/lib/tap.sh"
[ -x "$REHOST" ] || skip_all "there is no program at $REHOST: build it, or set REHOST"

commands() { "$REHOST" --help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p'; }

# help_options COMMAND: the options that --help shows, one in a line.
help_options() { "$REHOST" "$1" --help | sed -n 's/^  \(--[a-z-]*\).*/\1/p' | sort -u; }

# man_options PAGE: the tagged paragraphs that are options.
man_options() {
    sed -n '/^\.SH OPTIONS/,/^\.SH [^O]/p' "$1" | sed 's/\\-/-/g' | sed -n 's/^\.\(B\|BI\|BR\|IP\) "\{0,1\}\(--[a-z-]*\).*/\2/p' | sort -u
}

same_options() {
    [ -f "$TOP/tools/man/rehost-$1.1" ] || { echo "tools/man/rehost-$1.1 does not exist"; return 1; }
    help_options "$1" >"$WORK/help"
    man_options "$TOP/tools/man/rehost-$1.1" >"$WORK/man"
    [ -s "$WORK/help" ] || { echo "--help shows no option"; return 1; }
    diff -u --label "rehost $1 --help" --label "rehost-$1.1" "$WORK/help" "$WORK/man"
}

every_command_stands_in_the_main_page() {
    commands >"$WORK/commands"
    sed -n 's/^\.\(B\|BI\) "\{0,1\}rehost \([a-z][a-z]*\).*/\2/p' "$TOP/tools/man/rehost.1" | sort -u >"$WORK/main"
    sort "$WORK/commands" | diff -u --label "rehost --help" --label rehost.1 - "$WORK/main"
}

# The parser names all its keys when it meets a wrong one.
every_job_key_stands_in_its_page() {
    echo "nonsense=1" >"$WORK/job"
    { "$REHOST" run --job "$WORK/job" </dev/null || true; } | sed -n 's/.*The keys are: \([^.]*\)\..*/\1/p' | tr -d ' ' | tr ',' '\n' | sort >"$WORK/keys"
    sed -n '/^\.SH KEYS/,/^\.SH EXAMPLE/p' "$TOP/tools/man/rehost-job.5" | sed -n 's/^\.B[IR] \([a-z\\-]*\)=.*/\1/p' | sed 's/[^a-z-]//g' | sort >"$WORK/page"
    [ -s "$WORK/keys" ] && diff -u --label "the parser" --label rehost-job.5 "$WORK/keys" "$WORK/page"
}

tries "every command stands in rehost.1, and no other" every_command_stands_in_the_main_page
for command in $(commands); do
    tries "rehost-$command.1 says every option of rehost $command, and no other" same_options "$command"
done
tries "every key of a job stands in rehost-job.5, and no other" every_job_key_stands_in_its_page
tap_done

# shellcheck shell=bash
# What the journal of a half-done copy says.

# journaled DISK: how many bytes of the copy the newest slot of its journal vouches for (see tools/pull/target/journal.c).
journaled() {
    perl -e 'my ($newest, $bytes) = (0, 0);
        open my $disk, "<", $ARGV[0] or print("0\n"), exit;
        for my $at (4096, 4096 + 520192) {
            seek $disk, $at, 0;
            read $disk, my $slot, 520192;
            substr($slot, 0, 8) eq "rhjourn1" or next;
            my ($sequence, undef, $chunk, $length) = unpack "x16 Q<4", $slot;
            ($newest, $bytes) = ($sequence, $chunk * unpack "%32b*", substr $slot, 512, $length) if $sequence > $newest;
        }
        print "$bytes\n"' "$1"
}
has_journaled() { [ "$(journaled "$1")" -ge "$2" ]; }

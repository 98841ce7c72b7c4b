# Debian's names of licences, as SPDX writes them.
s/^(GPL|LGPL|AGPL)-([0-9])$/\1-\2.0/
s/^(GPL|LGPL|AGPL)-([0-9])\+$/\1-\2.0+/
s/^(GPL|LGPL|AGPL)-([0-9.]+)\+$/\1-\2-or-later/
s/^(GPL|LGPL|AGPL)-([0-9.]+)$/\1-\2-only/
s/^[Ee]xpat$/MIT/
s/^BSD-([234])-[Cc]lause.*/BSD-\1-Clause/
s/^Apache-2(\.0)?$/Apache-2.0/
s/^([Pp]ublic[- ][Dd]omain).*/LicenseRef-public-domain/
s/^zlib$/Zlib/
s/^Artistic$/Artistic-1.0-Perl/

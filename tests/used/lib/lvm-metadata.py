#!/usr/bin/env python3
"""lvm-metadata.py FILE [VOLUME=EXTENTS]...: a backup of vgcfgbackup with plain volumes, rewritten: what a thin pool and a mirror are made of becomes that.

lvm2 makes these only with a device-mapper in the kernel. `data` and `metadata` become those of the thin pool `pool`, in which `root` is;
`image0`, `image1`, `meta0` and `meta1` become the two legs of the mirror `mirror`; `kept` becomes a snapshot of `origin`, by `snapshot0`.
What is not there is left out."""
import re
import sys

EXTENTS = {"pool": 25, "root": 30, "mirror": 10, "snapshot0": 10}
RENAMED = {"data": "pool_tdata", "metadata": "pool_tmeta", "image0": "mirror_rimage_0", "image1": "mirror_rimage_1",
           "meta0": "mirror_rmeta_0", "meta1": "mirror_rmeta_1", "view": "snapshot0"}
SEGMENTS = {
    "pool": ['type = "thin-pool"', 'metadata = "pool_tmeta"', 'pool = "pool_tdata"', "transaction_id = 1", "chunk_size = 128",
             'discards = "passdown"', "zero_new_blocks = 1"],
    "root": ['type = "thin"', 'thin_pool = "pool"', "transaction_id = 0", "device_id = 1"],
    "mirror": ['type = "raid1"', "device_count = 2", "region_size = 4096",
               'raids = ["mirror_rmeta_0", "mirror_rimage_0", "mirror_rmeta_1", "mirror_rimage_1"]'],
    "snapshot0": ['type = "snapshot"', "chunk_size = 8", 'origin = "origin"', 'cow_store = "kept"'],
}


def section(text, name):
    found = re.search(r"\n\t\t%s \{\n.*?\n\t\t\}\n" % name, text, re.S)
    return found and found.group(0)


def with_segment(old, name):
    lines = ["start_extent = 0", "extent_count = %d" % EXTENTS[name]] + SEGMENTS[name]
    return old[:old.index("segment_count")] + "segment_count = 1\n\nsegment1 {\n" + "\n".join(lines) + "\n}\n}\n"


for word in sys.argv[2:]:
    name, extents = word.split("=")
    EXTENTS[name] = int(extents)
with open(sys.argv[1]) as file:
    text = file.read()
for name, new in RENAMED.items():
    old = section(text, name)
    if old:
        text = text.replace(old, old.replace(name + " {", new + " {", 1).replace(', "VISIBLE"', ""))
for name in SEGMENTS:
    old = section(text, name)
    if old:
        text = text.replace(old, with_segment(old, name))
with open(sys.argv[1], "w") as file:
    file.write(text)

#!/usr/bin/env python3
"""thin-blocks.py put IMAGE POOL OFFSET TRANSACTION: writes an image into the data of a thin pool (a file, from OFFSET on), each block of 64 KiB that is
not zero to a place of its own, and prints the metadata for thin_restore, in which a snapshot has the first half of it as well.
thin-blocks.py compare IMAGE POOL OFFSET: fails when a block of it does not stand there any more."""
import random
import sys

BLOCK, BLOCKS = 65536, 1600
EVERY = 3  # third block of the pool, from a shuffled start: nothing lies in order


def places(count):
    shuffled = list(range(0, BLOCKS, EVERY))
    random.Random(5).shuffle(shuffled)
    return shuffled[:count]


def mapping(image):
    blocks = [image[at:at + BLOCK] for at in range(0, len(image), BLOCK)]
    used = [i for i, block in enumerate(blocks) if block.strip(b"\0")]
    return dict(zip(used, places(len(used)))), blocks


def device(number, mapped):
    print('<device dev_id="%d" mapped_blocks="%d" transaction="0" creation_time="0" snap_time="0">' % (number, len(mapped)))
    for origin in sorted(mapped):
        print('<single_mapping origin_block="%d" data_block="%d" time="0"/>' % (origin, mapped[origin]))
    print("</device>")


command, name, pool, offset = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
with open(name, "rb") as file:
    mapped, blocks = mapping(file.read())
if command == "put":
    with open(pool, "r+b") as out:
        for origin, place in mapped.items():
            out.seek(offset + place * BLOCK)
            out.write(blocks[origin])
    print('<superblock uuid="" time="1" transaction="%s" version="2" data_block_size="128" nr_data_blocks="%d">' % (sys.argv[5], BLOCKS))
    device(1, mapped)
    device(2, {origin: mapped[origin] for origin in list(mapped)[:len(mapped) // 2]})
    print("</superblock>")
else:
    with open(pool, "rb") as data:
        for origin, place in mapped.items():
            data.seek(offset + place * BLOCK)
            if data.read(BLOCK) != blocks[origin]:
                sys.exit("block %d of the volume is another one" % origin)
    print("%d blocks are as they were" % len(mapped))

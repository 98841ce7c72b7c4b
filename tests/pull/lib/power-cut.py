#!/usr/bin/env python3
"""What is left of a recorded disk (recording-disk.py) after its power was cut.

    power-cut.py count LOG                                   how many events there are: the places to cut at
    power-cut.py cut LOG BEFORE SOURCE IMAGE PLACE SEED      makes IMAGE, and says what it is

BEFORE is the disk as it was at first. All that a flush has answered for is there. Of each other write, and of each
sector of it, any part is: what it wrote, what stood there, or zeroes. (A sector that the write does not change stays.)
Exit status 1 when IMAGE would boot without being the source, or BEFORE as it was.
"""
import random
import struct
import sys

SECTOR = 512
PAGE = 4096
BOOT_CODE = 440


def events(path):
    with open(path, "rb") as log:
        while len(header := log.read(21)) == 21:
            event, number, offset, length = struct.unpack("<cQQI", header)
            yield event, number, offset, log.read(length)


def covered_by_flushes(happened):
    """The numbers of the writes that are on the disk for good."""
    answered, at_flush, durable = set(), {}, set()
    for event, number, _, _ in happened:
        if event == b"W":
            answered.add(number)
        elif event == b"f":
            at_flush[number] = set(answered)
        elif event == b"F":
            durable |= at_flush[number]
    return durable


def lose(image, offset, data, weights):
    """One write that nothing answers for. `weights` of what becomes of it: written, as it was, zeroes."""
    whole = random.random() < 0.5
    fate = random.choices("wlz", weights)[0]
    for at in range(0, len(data), SECTOR):
        new = data[at:at + SECTOR]
        old = bytes(image[offset + at:offset + at + len(new)])
        if not whole:
            fate = random.choices("wlz", weights)[0]
        image[offset + at:offset + at + len(new)] = new if fate == "w" or new == old else old if fate == "l" else bytes(len(new))


def choose_weights(count):
    """For each of the writes that nothing answers for. Often the last ones are there and those before are not: a disk
    writes in an order of its own."""
    if random.random() < 0.5:
        kept = random.randint(1, 3)
        return [random.choice([(0, 1, 0), (0, 0, 1)])] * max(0, count - kept) + [(1, 0, 0)] * min(count, kept)
    return [random.choice([(1, 1, 1), (0, 1, 0), (0, 0, 1), (8, 1, 1), (1, 0, 1), (1, 1, 0)])] * count


def cut(log, before, place, seed):
    random.seed(seed)
    happened = list(events(log))
    if random.random() < 0.5:  # just before a flush is answered: nobody has promised anything yet
        while place < len(happened) and happened[place][0] != b"F":
            place += 1
    happened = happened[:place]
    image = bytearray(open(before, "rb").read())
    durable = covered_by_flushes(happened)
    writes = [(number, offset, data) for event, number, offset, data in happened if event == b"w"]
    unanswered = sum(number not in durable for number, _, _ in writes)
    weights = iter(choose_weights(unanswered))
    for number, offset, data in writes:
        if number in durable:
            image[offset:offset + len(data)] = data
        else:
            lose(image, offset, data, next(weights))
    return image, place, unanswered


def verdict(image, source, before):
    """What a firmware makes of it, and whether that is right. A GPT's header comes when all behind the first page is there. The page
    itself may be torn: without a protective partition in the first sector, which comes last, nobody takes the header for one."""
    if image[SECTOR:SECTOR + 8] == b"EFI PART" and image[PAGE:len(source)] != source[PAGE:]:
        return "has a GPT", False
    if image[510:512] != b"\x55\xaa":
        return "does not boot", True
    if image[:SECTOR] == before[:SECTOR]:
        return "is the old one", image == before
    if image[:BOOT_CODE] == source[:BOOT_CODE]:
        return "boots", image[:len(source)] == source
    return "is held", image[BOOT_CODE:len(source)] == source[BOOT_CODE:]


def main():
    if sys.argv[1] == "count":
        print(sum(1 for _ in events(sys.argv[2])))
        return 0
    _, _, log, before, source_file, image_file, place, seed = sys.argv
    source = open(source_file, "rb").read()
    image, place, lost = cut(log, before, int(place), seed)
    open(image_file, "wb").write(image)
    says, is_right = verdict(image, source, open(before, "rb").read())
    print(f"cut at {place}, {lost} writes not flushed: it {says}" + ("" if is_right else " AND IS NOT WHOLE"))
    return 0 if is_right else 1


sys.exit(main())

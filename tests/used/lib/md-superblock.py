"""md-superblock.py DEVICE 1.0|1.1|1.2 [LEVEL DISKS NUMBER ARRAY]: makes the device a member of a clean array, as `mdadm --create` would where the kernel
has md (include/uapi/linux/raid/md_p.h: struct mdp_superblock_1): its disk NUMBER of so many, of the array rehost:ARRAY; without these the first of a RAID 1
of two. Stripes have 64 KiB. Prints where the data begins on it, and its size, in bytes."""
import os, struct, sys

device, version = sys.argv[1:3]
level, disks, number, array = (int(word) for word in sys.argv[3:]) if sys.argv[3:] else (1, 2, 0, 0)
layout = {1: 0, 5: 2, 10: 0x102}[level]  # left-symmetric; two copies near each other
chunk = 0 if level == 1 else 128
file = os.open(device, os.O_RDWR)
sectors = os.lseek(file, 0, os.SEEK_END) // 512
place, data = {"1.0": ((sectors - 16) & ~7, 0), "1.1": (0, 2048), "1.2": (8, 2048)}[version]
size = ((place if version == "1.0" else sectors) - data) // 256 * 256 - 256

def block(checksum):
    uuid, name = bytes(range(16 * array, 16 * array + 16)), b"rehost:%d" % array
    head = struct.pack("<IIII16s32sQIIQIII", 0xA92B4EFC, 1, 0, 0, uuid, name, 1700000000, level, layout, size, chunk, disks, 0)
    head = head.ljust(128, b"\0") + struct.pack("<QQQQII16s", data, size, place, 0, number, 0, bytes(range(16 + number, 32 + number)))
    head = head.ljust(192, b"\0") + struct.pack("<QQQII", 1700000000, 1, 2 ** 64 - 1, checksum, 128)
    roles = b"".join(struct.pack("<H", disk) for disk in range(disks))
    return head.ljust(256, b"\0") + roles.ljust(256, b"\xff")

total = sum(struct.unpack("<%dI" % (len(block(0)) // 4), block(0)))
os.pwrite(file, block((total & 0xFFFFFFFF) + (total >> 32)), place * 512)
print(data * 512, size * 512)

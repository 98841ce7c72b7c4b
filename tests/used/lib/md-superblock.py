"""md-superblock.py DEVICE 1.0|1.1|1.2: makes the device a member of a clean RAID 1 of two, as `mdadm --create` would where the kernel has md
(include/uapi/linux/raid/md_p.h: struct mdp_superblock_1). Prints where the data begins, and its size, in bytes."""
import os, struct, sys

device, version = sys.argv[1:]
file = os.open(device, os.O_RDWR)
sectors = os.lseek(file, 0, os.SEEK_END) // 512
place, data = {"1.0": ((sectors - 16) & ~7, 0), "1.1": (0, 2048), "1.2": (8, 2048)}[version]
size = ((place if version == "1.0" else sectors) - data) // 256 * 256 - 256

def block(checksum):
    head = struct.pack("<IIII16s32sQIIQIII", 0xA92B4EFC, 1, 0, 0, bytes(range(16)), b"rehost:0", 1700000000, 1, 0, size, 0, 2, 0)
    head = head.ljust(128, b"\0") + struct.pack("<QQQQII16s", data, size, place, 0, 0, 0, bytes(range(16, 32)))
    head = head.ljust(192, b"\0") + struct.pack("<QQQII", 1700000000, 1, 2 ** 64 - 1, checksum, 128)
    return head.ljust(256, b"\0") + struct.pack("<HH", 0, 1) + b"\xff\xff" * 126

total = sum(struct.unpack("<%dI" % (len(block(0)) // 4), block(0)))
os.pwrite(file, block((total & 0xFFFFFFFF) + (total >> 32)), place * 512)
print(data * 512, size * 512)

#!/usr/bin/env python3
"""A switch between machines of QEMU, for VLANs: vlan-switch.py TRUNK TAG=PORT... What comes from the trunk with a tag goes to its port without it, and
back; all else is dropped. Each is the path of a socket of ours, and that path with ".machine" is QEMU's (-netdev dgram)."""
import select
import socket
import struct
import sys

MACS = 12
ETH_P_8021Q = 0x8100


def cable(path):
    line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    line.bind(path)
    return line


def send(line, path, frame):
    try:
        line.sendto(frame, path + ".machine")
    except OSError:
        pass  # the machine is off


trunk_path, *rest = sys.argv[1:]
paths = {int(tag): path for tag, path in (port.split("=", 1) for port in rest)}
trunk = cable(trunk_path)
ports = {cable(path): tag for tag, path in paths.items()}
while True:
    for line in select.select([trunk, *ports], [], [])[0]:
        frame = line.recv(65536)
        if line in ports:
            send(trunk, trunk_path, frame[:MACS] + struct.pack("!HH", ETH_P_8021Q, ports[line]) + frame[MACS:])
            continue
        kind, tag = struct.unpack("!HH", frame[MACS:MACS + 4].ljust(4, b"\0"))
        if kind == ETH_P_8021Q and tag & 0xFFF in paths:
            send(trunk, paths[tag & 0xFFF], frame[:MACS] + frame[MACS + 4:])

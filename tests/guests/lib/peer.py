#!/usr/bin/env python3
"""A neighbour that a kernel cannot play here: peer.py vlan INTERFACE TAG ADDRESS answers ARP in that VLAN alone (the test's machine may have no
VLANs); peer.py dhcp INTERFACE OFFER offers that address of a /24, and says on stderr when anybody asks for more than an offer."""
import socket
import struct
import sys

ETH_P_ALL, ETH_P_ARP, ETH_P_8021Q = 3, 0x0806, 0x8100
SOL_PACKET, PACKET_AUXDATA, VLAN_VALID = 263, 8, 1 << 4


def tag_of(frame, ancillary):
    """The VLAN of a frame, and the frame without its tag, which the kernel may have taken off."""
    if frame[12:14] == struct.pack("!H", ETH_P_8021Q):
        return struct.unpack("!H", frame[14:16])[0] & 0xFFF, frame[:12] + frame[16:]
    for level, kind, data in ancillary:
        if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
            status, tci = struct.unpack("=I12xH", data[:18])
            return (tci & 0xFFF if status & VLAN_VALID else 0), frame
    return 0, frame


def vlan(interface, tag, address):
    address = socket.inet_aton(address)
    line = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    line.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    line.bind((interface, 0))
    mac = line.getsockname()[4]
    while True:
        frame, ancillary, _, _ = line.recvmsg(2048, 256)
        seen, frame = tag_of(frame, ancillary)
        arp = frame[14:42]
        if seen != int(tag) or frame[12:14] != struct.pack("!H", ETH_P_ARP) or arp[6:8] != b"\0\1" or arp[24:28] != address:
            continue
        head = arp[8:14] + mac + struct.pack("!HHH", ETH_P_8021Q, int(tag), ETH_P_ARP)
        line.send(head + arp[:6] + b"\0\2" + mac + address + arp[8:18])


def dhcp(interface, offer):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
    server.bind(("", 67))
    while True:
        question = server.recv(2048)
        if question[236:243] != b"\x63\x82\x53\x63\x35\1\1":
            print("this is no DHCPDISCOVER:", question[236:260].hex(), file=sys.stderr, flush=True)
            continue
        options = b"\x63\x82\x53\x63\x35\1\2\1\4\xff\xff\xff\0\xff"
        answer = b"\2" + question[1:16] + socket.inet_aton(offer) + question[20:236] + options
        server.sendto(answer.ljust(300, b"\0"), ("255.255.255.255", 68))


{"vlan": vlan, "dhcp": dhcp}[sys.argv[1]](*sys.argv[2:])

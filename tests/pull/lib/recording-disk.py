#!/usr/bin/env python3
"""A disk with a volatile cache, for the tests of the pull: it keeps what it is sent, and notes when.

    recording-disk.py SOCKET FILE LOG

An NBD server that can be written to. Each write is noted when it comes in and again when it is answered, each flush
too: a flush covers the writes that were answered before it came, and holds once it is answered itself. Answers take a
moment, so that requests overlap. power-cut.py makes of the log what is left of the disk after a cut.
"""
import os
import random
import socket
import struct
import sys
import threading
import time

SOCKET, FILE, LOG = sys.argv[1:4]
SIZE = os.path.getsize(FILE)
HAS_FLAGS, CAN_FLUSH = 1, 1 << 2
READ, WRITE, DISCONNECT, FLUSH = 0, 1, 2, 3
disk = os.open(FILE, os.O_RDWR)
log = open(LOG, "wb")
lock = threading.Lock()


def note(event, number, offset=0, data=b""):
    log.write(struct.pack("<cQQI", event, number, offset, len(data)) + data)
    log.flush()


def read(connection, length):
    data = b""
    while len(data) < length:
        more = connection.recv(length - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def negotiate(connection):
    connection.sendall(b"NBDMAGICIHAVEOPT" + struct.pack(">H", 3))
    read(connection, 4)
    while True:
        _, option, length = struct.unpack(">QII", read(connection, 16))
        read(connection, length)

        def reply(kind, data=b""):
            connection.sendall(struct.pack(">QIII", 0x3E889045565A9, option, kind, len(data)) + data)

        if option == 7:
            reply(3, struct.pack(">HQH", 0, SIZE, HAS_FLAGS | CAN_FLUSH))
            reply(1)
            return
        reply((1 << 31) + 1)


def answer_later(connection, cookie, event, number):
    time.sleep(random.random() * 0.004)
    with lock:
        note(event, number)
        connection.sendall(struct.pack(">IIQ", 0x67446698, 0, cookie))


def transmit(connection):
    number = 0
    while True:
        _, _, command, cookie, offset, length = struct.unpack(">IHHQQI", read(connection, 28))
        number += 1
        if command == DISCONNECT:
            return
        if command == READ:
            data = os.pread(disk, length, offset)
            with lock:
                connection.sendall(struct.pack(">IIQ", 0x67446698, 0, cookie) + data)
            continue
        if command == WRITE:
            data = read(connection, length)
            with lock:
                note(b"w", number, offset, data)
            os.pwrite(disk, data, offset)
        else:
            with lock:
                note(b"f", number)
        events = {WRITE: b"W", FLUSH: b"F"}
        threading.Thread(target=answer_later, args=(connection, cookie, events[command], number), daemon=True).start()


listener = socket.socket(socket.AF_UNIX)
listener.bind(SOCKET)
listener.listen(4)
while True:
    client, _ = listener.accept()
    try:
        negotiate(client)
        transmit(client)
    except (EOFError, ConnectionError):
        pass
    client.close()

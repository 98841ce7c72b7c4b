#!/usr/bin/env python3
"""A disk with a volatile cache, for the tests of the pull: it keeps what it is sent, and notes when.

    recording-disk.py SOCKET FILE LOG

An NBD server that can be written to. Each write is noted when it comes in and again when it is answered, each flush
too: a flush covers the writes that were answered before it came, and holds once it is answered itself. Answers take a
moment, so that requests overlap. power-cut.py makes of the log what is left of the disk after a cut.
"""
import os
import random
import struct
import sys
import threading
import time

from nbd_server import ACK, DISCONNECT, FLUSH, GO, GREETING, INFO, READ, UNSUPPORTED, WRITE
from nbd_server import option_reply, read, read_option, read_request, serve, simple_reply

SOCKET, FILE, LOG = sys.argv[1:4]
SIZE = os.path.getsize(FILE)
HAS_FLAGS, CAN_FLUSH = 1, 1 << 2
disk = os.open(FILE, os.O_RDWR)
log = open(LOG, "wb")
lock = threading.Lock()


def note(event, number, offset=0, data=b""):
    log.write(struct.pack("<cQQI", event, number, offset, len(data)) + data)
    log.flush()


def negotiate(connection):
    connection.sendall(GREETING)
    read(connection, 4)
    while (option := read_option(connection)) != GO:
        option_reply(connection, option, UNSUPPORTED)
    option_reply(connection, GO, INFO, struct.pack(">HQH", 0, SIZE, HAS_FLAGS | CAN_FLUSH))
    option_reply(connection, GO, ACK)


def answer_later(connection, cookie, event, number):
    time.sleep(random.random() * 0.004)
    with lock:
        note(event, number)
        simple_reply(connection, cookie)


def transmit(connection):
    number = 0
    while True:
        _, _, command, cookie, offset, length = read_request(connection)
        number += 1
        if command == DISCONNECT:
            return
        if command == READ:
            data = os.pread(disk, length, offset)
            with lock:
                simple_reply(connection, cookie, data)
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


def talk(connection):
    negotiate(connection)
    transmit(connection)


serve(SOCKET, talk)

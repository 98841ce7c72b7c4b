#!/usr/bin/env python3
"""An NBD server that lies, for the tests of the pull: no real server can be made to break the protocol.

    rotten-server.py SOCKET FILE LIE

Without a lie ("none") it serves FILE correctly, with structured replies and base:allocation. Lies that are none, but
rare and allowed, start with "odd-": they must be understood.
"""
import os
import random
import struct
import sys
import threading
import time

from nbd_server import ACK, BLOCK_STATUS, DISCONNECT, EXPORT_NAME, GO, GREETING, INFO, META_CONTEXT, READ, SET_META_CONTEXT, STRUCTURED_REPLY
from nbd_server import UNSUPPORTED, option_header, option_reply, read, read_option, read_request, serve, simple_reply

SOCKET, FILE, LIE = sys.argv[1:4]
IMAGE = open(FILE, "rb")
SIZE = os.path.getsize(FILE)
READ_ONLY, SEND_DF, MULTI = 1 << 1, 1 << 7, 1 << 8
DONE = 1
DATA, HOLE, STATUS, ERROR, ERROR_OFFSET = 1, 2, 5, 32769, 32770
failed_once = set()
went = threading.Event()


def export_size():
    return {"size-zero": 0, "size-huge": 1 << 63, "size-larger": SIZE + (8 << 20)}.get(LIE, SIZE)


def export_flags():
    return 1 | READ_ONLY | MULTI | (SEND_DF if LIE == "odd-df-overflow" else 0)


def go(connection):
    if LIE == "endless-go":
        while True:
            option_reply(connection, GO, INFO, struct.pack(">H", 99) + b"x" * 100)
    if LIE == "go-huge":
        connection.sendall(option_header(GO, INFO, 1 << 31))
    if LIE == "go-short":
        option_reply(connection, GO, INFO, struct.pack(">H", 0))
    if LIE == "block-sizes":
        option_reply(connection, GO, INFO, struct.pack(">HIII", 3, 3, 4096, 1))
    if LIE != "go-empty":
        option_reply(connection, GO, INFO, struct.pack(">HQH", 0, export_size(), export_flags()))
    option_reply(connection, GO, ACK)


def negotiate(connection):
    """True when structured replies were agreed on."""
    structured = False
    while True:
        option = read_option(connection)
        if LIE == "odd-xenserver" and option != EXPORT_NAME:
            raise EOFError  # hangs up on every option but EXPORT_NAME
        if LIE == "option-garbage":
            connection.sendall(os.urandom(64))
        elif option == EXPORT_NAME:
            connection.sendall(struct.pack(">QH", export_size(), export_flags()))
            return structured
        elif option == GO:
            go(connection)
            return structured
        elif option == STRUCTURED_REPLY and LIE not in ("simple-only", "structured-unasked") and not LIE.startswith("simple-"):
            structured = True
            option_reply(connection, option, ACK)
        elif option == SET_META_CONTEXT and structured:
            option_reply(connection, option, META_CONTEXT, struct.pack(">I", 7) + b"base:allocation")
            option_reply(connection, option, ACK)
        else:
            option_reply(connection, option, UNSUPPORTED)


def chunk(connection, cookie, flags, kind, data=b""):
    connection.sendall(struct.pack(">IHHQI", 0x668E33EF, flags, kind, cookie, len(data)) + data)


def data_chunk(connection, cookie, offset, data, flags=0):
    chunk(connection, cookie, flags, DATA, struct.pack(">Q", offset) + data)


def error_chunk(connection, cookie, code, flags=DONE, offset=None):
    body = struct.pack(">IH", code, 4) + b"oops"
    chunk(connection, cookie, flags, ERROR if offset is None else ERROR_OFFSET, body + (b"" if offset is None else struct.pack(">Q", offset)))


def odd_pieces(connection, cookie, offset, data):
    """In pieces of no regular size, backwards, zeroes as holes, the end as a chunk of its own."""
    at = [0, 1, 513, 4096, 70001, 300000]
    edges = [edge for edge in at if edge < len(data)] + [len(data)]
    for start, end in reversed(list(zip(edges, edges[1:]))):
        piece = data[start:end]
        if piece.count(0) == len(piece):
            chunk(connection, cookie, 0, HOLE, struct.pack(">QI", offset + start, len(piece)))
        else:
            data_chunk(connection, cookie, offset + start, piece)
    chunk(connection, cookie, DONE, 0)


def is_gone(offset):
    """From the middle of the disk on nothing can be read any more, while a file says so: as when an adapter loses its source."""
    if not os.path.exists(FILE + ".gone"):
        went.clear()
    elif SIZE // 2 <= offset < SIZE * 3 // 4:
        went.set()
    return went.is_set()


def has_defect(start, end):
    """The sectors whose offsets stand in FILE.defects now cannot be read."""
    with open(FILE + ".defects") as defects:
        return any(start < int(sector) + 512 and int(sector) < end for sector in defects)


def answer_read(connection, flags, cookie, offset, length, data):
    """True when the lie was told; False: answer as it should be."""
    if LIE == "odd-pieces":
        odd_pieces(connection, cookie, offset, data)
    elif LIE == "odd-df-overflow" and flags & 4:
        error_chunk(connection, cookie, 75)
    elif LIE == "odd-error-offset" and offset not in failed_once:
        failed_once.add(offset)
        data_chunk(connection, cookie, offset, data[:512])
        error_chunk(connection, cookie, 5, 0, offset + 512)
        chunk(connection, cookie, DONE, 0)
    elif LIE in ("odd-gone", "odd-defects") and is_gone(offset):
        error_chunk(connection, cookie, 5)
    elif LIE == "odd-defects" and has_defect(offset, offset + len(data)):
        error_chunk(connection, cookie, 5)
    elif LIE == "odd-unsaid-limit" and len(data) > 65536:
        error_chunk(connection, cookie, 22 if offset % 2097152 else 12)  # EINVAL or ENOMEM
    elif LIE == "odd-unknown-error" and offset not in failed_once:
        failed_once.add(offset)
        chunk(connection, cookie, DONE, 32768 + 77, struct.pack(">IH", 5, 4) + b"oops" + b"whatever else")
    elif LIE == "size-larger" and offset + length > SIZE:
        error_chunk(connection, cookie, 22)
    elif LIE == "unknown-cookie":
        data_chunk(connection, cookie ^ 1 << 40, offset, data, DONE)
    elif LIE == "short-answer":
        data_chunk(connection, cookie, offset, data[:-1], DONE)
    elif LIE == "long-answer":
        data_chunk(connection, cookie, offset, data + b"x" * 512, DONE)
    elif LIE == "outside":
        data_chunk(connection, cookie, offset + SIZE, data, DONE)
    elif LIE == "before":
        data_chunk(connection, cookie, max(offset, 512) - 512, data, DONE)
    elif LIE == "twice":
        data_chunk(connection, cookie, offset, data[:4096])
        data_chunk(connection, cookie, offset + 2048, data[2048:], DONE)
    elif LIE == "hole-outside":
        chunk(connection, cookie, DONE, HOLE, struct.pack(">QI", offset, len(data) + 1))
    elif LIE == "hole-everything":
        chunk(connection, cookie, DONE, HOLE, struct.pack(">QI", offset, 0xFFFFFFFF))
    elif LIE == "huge-chunk":
        connection.sendall(struct.pack(">IHHQI", 0x668E33EF, DONE, DATA, cookie, 0x7FFFFFFF))
    elif LIE == "empty-done":
        chunk(connection, cookie, DONE, 0)
    elif LIE == "unknown-chunk":
        chunk(connection, cookie, DONE, 77, b"abcdefgh")
    elif LIE == "garbage":
        connection.sendall(os.urandom(4096))
    elif LIE == "agreed-but-simple":
        simple_reply(connection, cookie, data)
    else:
        return False
    return True


def answer_status(connection, cookie, offset, length):
    if LIE == "status-other-context":
        chunk(connection, cookie, DONE, STATUS, struct.pack(">III", 99, length, 0))
    elif LIE == "status-empty":
        chunk(connection, cookie, DONE, STATUS, struct.pack(">III", 7, 0, 0))
    elif LIE == "status-beyond":
        chunk(connection, cookie, DONE, STATUS, struct.pack(">IIIII", 7, length, 0, 4096, 3))
    elif LIE == "odd-status-error":
        error_chunk(connection, cookie, 22)
    elif LIE == "odd-status-hole":
        chunk(connection, cookie, DONE, STATUS, struct.pack(">III", 7, length, 1))  # not allocated, and what it reads as is not said
    elif LIE == "odd-status-beyond-last":
        chunk(connection, cookie, DONE, STATUS, struct.pack(">III", 7, 0xFFFF0000, 0))
    else:
        chunk(connection, cookie, DONE, STATUS, struct.pack(">III", 7, length, 0))


def shuffle(connection):
    """Takes what is asked for within 20 ms, then answers in parts of all requests, in any order."""
    requests = []
    connection.settimeout(0.02)
    while True:
        try:
            requests.append(read_request(connection))
        except TimeoutError:
            break
    connection.settimeout(None)
    parts = [(cookie, at, min(65536, offset + length - at))
             for _, _, command, cookie, offset, length in requests if command == READ for at in range(offset, offset + length, 65536)]
    random.shuffle(parts)
    for cookie, at, length in parts:
        data_chunk(connection, cookie, at, os.pread(IMAGE.fileno(), length, at))
    for _, _, command, cookie, offset, length in requests:
        if command == DISCONNECT:
            raise EOFError
        if command == BLOCK_STATUS:
            answer_status(connection, cookie, offset, length)
        else:
            chunk(connection, cookie, DONE, 0)


def transmit(connection, structured):
    while LIE == "odd-shuffled":
        shuffle(connection)
    lock_free_file = os.open(FILE, os.O_RDONLY)
    while True:
        magic, flags, command, cookie, offset, length = read_request(connection)
        if magic != 0x25609513 or command not in (READ, DISCONNECT, BLOCK_STATUS):
            print("REFUSED: command", command, file=sys.stderr, flush=True)
            os._exit(3)  # a client that sends anything else than reads must not pass
        if command == DISCONNECT:
            return
        if command == BLOCK_STATUS:
            answer_status(connection, cookie, offset, length)
            continue
        data = os.pread(lock_free_file, length, offset)
        if answer_read(connection, flags, cookie, offset, length, data):
            continue
        if LIE == "structured-unasked" or structured:
            data_chunk(connection, cookie, offset, data, DONE)
        elif LIE == "simple-unknown-cookie":
            simple_reply(connection, cookie + 1, data)
        elif LIE == "simple-long":
            simple_reply(connection, cookie, data + b"x" * 512)
        else:
            simple_reply(connection, cookie, data)


def talk(connection):
    if LIE == "silent":
        time.sleep(600)
    if LIE == "drip":
        for byte in GREETING[:16] + bytes(100000):
            connection.sendall(bytes([byte]))
            time.sleep(0.2)
    if LIE == "greeting-garbage":
        connection.sendall(b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n")
    elif LIE == "oldstyle":
        connection.sendall(b"NBDMAGIC" + struct.pack(">QQI", 0x00420281861253, SIZE, 0) + bytes(124))
    else:
        connection.sendall(GREETING)
    read(connection, 4)
    transmit(connection, negotiate(connection))


serve(SOCKET, talk)

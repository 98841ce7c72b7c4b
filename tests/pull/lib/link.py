#!/usr/bin/env python3
"""The network between rehost and a source, for the tests of the pull: counts what goes through, and fails on demand.

    link.py LISTEN-SOCKET SERVER-SOCKET COUNT-FILE [key=value…]

    rate=N       bytes per second, of all connections together
    cut=N        every connection is cut once N bytes of it have gone to the client, wherever in a reply that is
    drip=N       after N bytes of a connection the next 2000 come one by one, 1 ms apart

COUNT-FILE holds the number of bytes that went to clients, and of connections that were asked for, as of the last tenth
of a second. SIGUSR1 cuts all connections.
"""
import os
import signal
import socket
import sys
import threading
import time

LISTEN, SERVER, COUNT = sys.argv[1:4]
WANTED = {key: int(value) for key, value in (word.split("=") for word in sys.argv[4:])}
lock = threading.Lock()
state = {"bytes": 0, "connections": 0, "due": 0.0}
connections = []


def note(count):
    """Counts, and waits until the link could have carried it."""
    with lock:
        state["bytes"] += count
        state["due"] = max(state["due"], time.monotonic()) + (count / WANTED["rate"] if "rate" in WANTED else 0)
        due = state["due"]
    time.sleep(max(0, due - time.monotonic()))


def end(*sockets):
    for each in sockets:
        try:
            each.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def to_client(server, client):
    sent = 0
    try:
        while data := server.recv(65536):
            if sent + len(data) >= WANTED.get("cut", 1 << 62):
                client.sendall(data[:WANTED["cut"] - sent])
                note(WANTED["cut"] - sent)
                break
            if sent <= WANTED.get("drip", -1) < sent + len(data):
                for at in range(min(2000, len(data))):
                    client.sendall(data[at:at + 1])
                    time.sleep(0.001)
                client.sendall(data[2000:])
            else:
                client.sendall(data)
            sent += len(data)
            note(len(data))
    except OSError:
        pass
    end(server, client)


def to_server(client, server):
    try:
        while data := client.recv(65536):
            server.sendall(data)
    except OSError:
        pass
    end(server, client)


def keep_count():
    while True:
        with open(COUNT + ".new", "w", encoding="ascii") as file:
            file.write(f"{state['bytes']} {state['connections']}\n")
        os.rename(COUNT + ".new", COUNT)
        time.sleep(0.1)


def connect():
    server = socket.socket(socket.AF_UNIX)
    server.connect(SERVER)
    return server


signal.signal(signal.SIGUSR1, lambda *_: end(*connections))
listener = socket.socket(socket.AF_UNIX)
listener.bind(LISTEN)
listener.listen(16)
threading.Thread(target=keep_count, daemon=True).start()
while True:
    near, _ = listener.accept()
    state["connections"] += 1
    try:
        far = connect()
    except OSError:
        near.close()
        continue
    connections += [near, far]
    for pump, ends in ((to_client, (far, near)), (to_server, (near, far))):
        threading.Thread(target=pump, args=ends, daemon=True).start()

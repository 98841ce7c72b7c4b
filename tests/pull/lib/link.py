#!/usr/bin/env python3
"""The network between rehost and a source, for the tests of the pull: counts what goes through, and fails on demand.

    link.py LISTEN SERVER COUNT-FILE [key=value…]

LISTEN and SERVER are paths of Unix sockets, or HOST:PORT.

    rate=N       bytes per second, of all connections together
    stop=N       after N bytes, of all connections together, nothing more goes to the client until SIGUSR2 comes
    cut=N        every connection is cut once N bytes of it have gone to the client, wherever in a reply that is
    silent=N     the first connection of which N bytes have gone to the client is silent from then on, and stays open
    drip=N       after N bytes of a connection the next 2000 come one by one, 1 ms apart

COUNT-FILE holds the number of bytes that go to clients, and of connections that were asked for; it is made anew every tenth
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
state = {"bytes": 0, "connections": 0, "due": 0.0, "silent": False}
connections = []
goes_on = threading.Event()


def may_go(count):
    """Counts them if the link is not to stop before they have gone."""
    with lock:
        if not goes_on.is_set() and state["bytes"] + count > WANTED.get("stop", 1 << 62):
            return False
        state["bytes"] += count
        return True


def carry(count):
    """Counts, and waits until the link has carried so many more bytes."""
    while not may_go(count):
        goes_on.wait()
    with lock:
        state["due"] = max(state["due"], time.monotonic()) + (count / WANTED["rate"] if "rate" in WANTED else 0)
        due = state["due"]
    time.sleep(max(0, due - time.monotonic()))


def falls_silent():
    """One connection does, once."""
    with lock:
        first, state["silent"] = not state["silent"], True
    return first


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
                carry(WANTED["cut"] - sent)
                client.sendall(data[:WANTED["cut"] - sent])
                break
            if sent + len(data) > WANTED.get("silent", 1 << 62) and falls_silent():
                goes_on.wait()
            carry(len(data))
            if sent <= WANTED.get("drip", -1) < sent + len(data):
                for at in range(min(2000, len(data))):
                    client.sendall(data[at:at + 1])
                    time.sleep(0.001)
                client.sendall(data[2000:])
            else:
                client.sendall(data)
            sent += len(data)
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


def place(text):
    """The kind of socket and the address that it has."""
    if text.startswith("/"):
        return socket.AF_UNIX, text
    host, port = text.split(":")
    return socket.AF_INET, (host, int(port))


def connect():
    family, address = place(SERVER)
    server = socket.socket(family)
    server.connect(address)
    return server


def listen():
    family, address = place(LISTEN)
    server = socket.socket(family)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(address)
    server.listen(16)
    return server


def accept_all(listener):
    while True:
        near, _ = listener.accept()
        state["connections"] += 1
        try:
            far = connect()
        except OSError:
            near.close()
            continue
        connections.extend([near, far])
        for pump, ends in ((to_client, (far, near)), (to_server, (near, far))):
            threading.Thread(target=pump, args=ends, daemon=True).start()


# No handlers: those run in the main thread, and a signal that the kernel gives to another one does not wake it.
SIGNALS = {signal.SIGUSR1, signal.SIGUSR2}
signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
threading.Thread(target=accept_all, args=(listen(),), daemon=True).start()
threading.Thread(target=keep_count, daemon=True).start()
while True:
    if signal.sigwait(SIGNALS) == signal.SIGUSR1:
        end(*connections)
    else:
        goes_on.set()

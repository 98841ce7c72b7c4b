"""Somebody in between: passes a server's bytes on, and meddles with what the server sends.

    meddler.py LISTEN-SOCKET SERVER-SOCKET flip|cut|drip|look FROM-BYTE TIMES

flip: one bit of the byte at that offset of a connection is wrong. cut: the connection ends there, without a word.
drip: from there on a byte comes now and then.
look: nothing is changed, the cipher of a TLS ServerHello that starts at that offset is told.
Only the first TIMES connections that come that far are meddled with; each is told on stdout. A connection that is made after
the first of them is meddled with at byte 100000 already: it must not bring anything."""
import socket
import sys
import threading
import time

LISTEN, SERVER, WHAT, FROM, TIMES = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
left = TIMES
lock = threading.Lock()


def may_meddle():
    global left
    with lock:
        left -= 1
        return left >= 0


def requests(client, server):
    try:
        while data := client.recv(65536):
            server.sendall(data)
        server.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def replies(client, server):
    passed = 0
    at_byte = FROM if left == TIMES else 100000
    try:
        while data := server.recv(65536):
            if passed <= at_byte < passed + len(data) and may_meddle():
                at = at_byte - passed
                print(WHAT, "at", at_byte, flush=True)
                if WHAT == "look":
                    session = 5 + 4 + 2 + 32  # record and handshake headers, version, random; then the session's length, it, the cipher
                    print("cipher", data[at + session + 1 + data[at + session]:][:2].hex(), flush=True)
                elif WHAT == "drip":
                    client.sendall(data[:at])
                    for byte in data[at:]:
                        time.sleep(0.1)
                        client.sendall(bytes([byte]))
                    data = b""
                elif WHAT == "cut":
                    client.sendall(data[:at])
                    break
                elif WHAT == "flip":
                    data = data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1:]
            passed += len(data)
            client.sendall(data)
    except OSError:
        pass
    for end in (client, server):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


listener = socket.socket(socket.AF_UNIX)
listener.bind(LISTEN)
listener.listen(16)
while True:
    accepted, _ = listener.accept()
    onward = socket.socket(socket.AF_UNIX)
    onward.connect(SERVER)
    for pump in (requests, replies):
        threading.Thread(target=pump, args=(accepted, onward), daemon=True).start()

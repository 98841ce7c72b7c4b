"""What the NBD servers of the tests share: reading a whole message, the answer to an option, simple replies, and taking connections."""
import socket
import struct
import threading

GREETING = b"NBDMAGICIHAVEOPT" + struct.pack(">H", 3)  # fixed newstyle, and no zeroes behind the answer to EXPORT_NAME
EXPORT_NAME, GO, STRUCTURED_REPLY, SET_META_CONTEXT = 1, 7, 8, 10
ACK, INFO, META_CONTEXT, UNSUPPORTED = 1, 3, 4, (1 << 31) + 1
READ, WRITE, DISCONNECT, FLUSH, BLOCK_STATUS = 0, 1, 2, 3, 7


def read(connection, length):
    data = b""
    while len(data) < length:
        more = connection.recv(length - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def read_option(connection):
    """The next option's number; what comes with it is of no interest here."""
    _, option, length = struct.unpack(">QII", read(connection, 16))
    read(connection, length)
    return option


def option_reply(connection, option, kind, data=b""):
    connection.sendall(option_header(option, kind, len(data)) + data)


def option_header(option, kind, length):
    return struct.pack(">QIII", 0x3E889045565A9, option, kind, length)


def read_request(connection):
    """Magic, flags, command, cookie, offset, length."""
    return struct.unpack(">IHHQQI", read(connection, 28))


def simple_reply(connection, cookie, data=b""):
    connection.sendall(struct.pack(">IIQ", 0x67446698, 0, cookie) + data)


def serve(path, talk):
    """Every connection to that Unix socket, in a thread of its own, until it has ended."""
    def one(connection):
        try:
            talk(connection)
        except (EOFError, ConnectionError):
            pass
        finally:
            connection.close()

    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(16)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=one, args=(connection,), daemon=True).start()

"""How a fork server is asked for a process; run as a program it is `kirin` to a script.

    python -IS tests/support/fork_client.py SOCKET ARGUMENT…

A request is its length in four bytes, with the three streams, and JSON; the answer is the process id, and when that has
ended its exit code, both in four bytes. Nothing is imported that takes time.
"""

import json
import os
import signal
import socket
import sys


def ask_to_fork(server: str, request: dict[str, object], streams: list[int]) -> tuple[int, socket.socket]:
    """The process id, and the connection on which its end is told."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(server)
    data = json.dumps(request).encode()
    socket.send_fds(connection, [len(data).to_bytes(4, "big")], streams)
    connection.sendall(data)
    return int.from_bytes(receive(connection, 4), "big"), connection


def receive_request(connection: socket.socket) -> tuple[dict[str, object], list[int]]:
    """What is asked for, and the three streams."""
    size, streams, _, _ = socket.recv_fds(connection, 4, 3)
    return json.loads(receive(connection, int.from_bytes(size, "big"))), streams


def receive(connection: socket.socket, size: int) -> bytes:
    """So many bytes. Raises EOFError where the other side has gone."""
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def main() -> int:
    """Be the process that the server forks: its streams, its signals, its end."""
    request = {"arguments": sys.argv[2:], "cwd": os.path.realpath("."), "env": dict(os.environ), "has_terminal": False}
    pid, connection = ask_to_fork(sys.argv[1], request, [0, 1, 2])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: os.kill(pid, number))
    code = int.from_bytes(receive(connection, 4), "big", signed=True)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())

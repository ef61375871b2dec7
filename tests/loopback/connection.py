"""One accepted connection: HTTP/1.1 read and written by hand, ended politely or not, all waits bounded.

Knows nothing of scripts, of the API or of files.
"""

from __future__ import annotations

import contextlib
import itertools
import socket
import struct
import threading
import time
from collections.abc import Iterator

from loopback.messages import Request

PIECE = 1 << 18
IDLE = 60.0  # seconds a kept connection may be silent between two requests; stopping ends it at once
TICK = 0.01  # how soon a wait for a test's own event notices that the service stops


class HungUp(Exception):
    """Nothing more can be said on this connection."""


class Connection:
    """`patience` is the limit in seconds of each single read, write or wait."""

    def __init__(self, sock: socket.socket, number: int, patience: float, stopping: threading.Event) -> None:
        self.sock = sock
        self.number = number
        self.patience = patience
        self.stopping = stopping
        self._buffer = bytearray()
        sock.settimeout(patience)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def read_head(self, number: Iterator[int]) -> Request | None:
        """The next request without its body; None when the other side is done or talks no HTTP."""
        self.sock.settimeout(IDLE)
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if not self._fill() or len(self._buffer) > 1 << 20:
                return None
            self.sock.settimeout(self.patience)
        self.sock.settimeout(self.patience)
        first, *lines = bytes(self._buffer[:end]).decode("latin-1").split("\r\n")
        del self._buffer[: end + 4]
        words = first.split(" ")
        if len(words) != 3:
            return None
        headers = tuple((name, value.strip()) for name, _, value in (line.partition(":") for line in lines))
        return Request(next(number), self.number, time.monotonic(), words[0], words[1], headers, words[2])

    def read_body(self, request: Request, limit: int | None = None) -> tuple[bytes, bool]:
        """The body, or its first `limit` bytes, and whether it is whole."""
        if request.header("Expect").lower() == "100-continue":
            self.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if request.header("Transfer-Encoding").lower() == "chunked":
            return self._read_chunks()
        length = int(request.header("Content-Length", "0"))
        wanted = length if limit is None else min(length, limit)
        body = self._take(wanted)
        return body, len(body) == length

    def send(self, data: bytes | memoryview) -> Iterator[int]:
        """Send in pieces and yield the size of each that left; run it to its end."""
        view = memoryview(data)
        for start in range(0, len(view), PIECE):
            piece = view[start : start + PIECE]
            self.sock.sendall(piece)
            yield len(piece)

    def wait(self, event: threading.Event | None = None, seconds: float | None = None) -> bool:
        """Wait for a test's event, or the time; False when it did not come. HungUp when the service stops."""
        limit = self.patience if seconds is None else seconds
        if event is None:
            came = False
            self.stopping.wait(limit)
        else:
            end = time.monotonic() + limit
            while not (came := event.wait(TICK)) and time.monotonic() < end and not self.stopping.is_set():
                pass
        if self.stopping.is_set():
            raise HungUp
        return came

    def linger(self) -> None:
        """Say that nothing more comes, then swallow what the other side still sends: no reset eats the answer."""
        self.sock.shutdown(socket.SHUT_WR)
        end = time.monotonic() + self.patience
        while time.monotonic() < end and self.sock.recv(PIECE):
            pass

    def reset(self) -> None:
        """Close so that the other side sees ECONNRESET."""
        with contextlib.suppress(OSError):
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        self.sock.close()

    def interrupt(self) -> None:
        """Wake the thread that reads or writes here (from another thread)."""
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)  # the plain one: that of TLS would take it apart

    def _fill(self, most: int = PIECE) -> int:
        data = self.sock.recv(most)
        self._buffer += data
        return len(data)

    def _take(self, count: int) -> bytes:
        while len(self._buffer) < count and self._fill(min(PIECE, count - len(self._buffer))):
            pass
        data = bytes(memoryview(self._buffer)[:count])
        del self._buffer[:count]
        return data

    def _line(self) -> bytes:
        while (end := self._buffer.find(b"\r\n")) < 0:
            if not self._fill():
                raise HungUp
        return self._take(end + 2)[:-2]

    def _read_chunks(self) -> tuple[bytes, bool]:
        body = bytearray()
        for _ in itertools.count():
            size = int(self._line().partition(b";")[0], 16)
            body += self._take(size)
            self._line()
            if not size:
                break
        return bytes(body), True

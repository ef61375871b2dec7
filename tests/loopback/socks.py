"""Being a SOCKS5 proxy (RFC 1928): every tunnel, whatever its target, ends at one port. Keeps what it was asked."""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass, field
from typing import Self

from loopback.proxy import pump


@dataclass
class SocksProxy:
    """Serves until it is left. `login` is the user name and password that it asks for, `reply` its answer to requests.

    `greeting` takes the place of what it would answer to the first message.
    """

    port: int
    login: tuple[str, str] | None = None
    reply: int = 0
    greeting: bytes = b""
    targets: list[tuple[str, int]] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(near,), daemon=True).start()

    def _talk(self, near: socket.socket) -> None:
        with near:
            near.settimeout(5)
            try:
                self._negotiate(near)
            except (OSError, EOFError):
                return

    def _negotiate(self, near: socket.socket) -> None:
        methods = _read(near, _read(near, 2)[1])
        if self.greeting:
            near.sendall(self.greeting)
            return
        method = 2 if self.login else 0
        near.sendall(bytes((5, method if method in methods else 255)))
        if method not in methods:
            return
        if self.login:
            user = _read(near, _read(near, 2)[1]).decode()
            self.logins.append((user, _read(near, _read(near, 1)[0]).decode()))
            near.sendall(bytes((1, self.logins[-1] != self.login)))
        kind = _read(near, 4)[3]
        if kind == 3:
            name = _read(near, _read(near, 1)[0]).decode()
        else:
            name = socket.inet_ntop(
                *((socket.AF_INET, _read(near, 4)) if kind == 1 else (socket.AF_INET6, _read(near, 16)))
            )
        self.targets.append((name, int.from_bytes(_read(near, 2))))
        near.sendall(bytes((5, self.reply, 0, 3, 4)) + b"here\0\0")
        if not self.reply:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as far:
                pump(near, far, 5)


def _read(sock: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = sock.recv(count - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data

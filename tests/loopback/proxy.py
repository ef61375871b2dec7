"""Being a proxy that tunnels.

A plain proxy needs nothing from here: any Service answers the absolute form of a target by its path alone, and
`request.target` tells that it was asked as a proxy. Knows nothing of the roles.
"""

from __future__ import annotations

import selectors
import socket

from loopback.connection import PIECE
from loopback.exchange import Exchange, Fault


def tunnel(port: int) -> Fault:
    """`proxy.script("CONNECT", then=tunnel(api.port))`: each tunnel, whatever its target, ends at this port."""

    def play(x: Exchange) -> None:
        x.keep = False
        with socket.create_connection(("127.0.0.1", port), timeout=x.connection.patience) as far:
            x.raw(b"HTTP/1.1 200 Connection established\r\n\r\n")
            pump(x.connection.sock, far, x.connection.patience)

    return play


def pump(near: socket.socket, far: socket.socket, patience: float) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(near, selectors.EVENT_READ, far)
        selector.register(far, selectors.EVENT_READ, near)
        while ready := selector.select(patience):
            for key, _ in ready:
                source: socket.socket = key.fileobj  # type: ignore[assignment]
                data = source.recv(PIECE)
                if not data:
                    return
                key.data.sendall(data)

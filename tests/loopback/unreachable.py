"""Origins that no connection reaches: refused at once, or never answered."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator


def refused_url() -> str:
    """An origin where nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{sock.getsockname()[1]}"


@contextlib.contextmanager
def deaf_url() -> Iterator[str]:
    """An origin whose connection attempts time out: its queue is full (Linux drops what does not fit)."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(3):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"

"""What a fault gets to play with: one request whose head was read, on its connection.

Knows nothing of particular faults, of scripts and of accepting.
"""

from __future__ import annotations

from collections.abc import Callable

from loopback.api import Api
from loopback.connection import Connection, HungUp
from loopback.messages import Answer, Request
from loopback.truth import Truth


class Exchange:
    """One request whose head was read, and all that a fault may do with it."""

    def __init__(
        self,
        connection: Connection,
        request: Request,
        truth: Truth,
        honest: Callable[[Request], Answer],
        api: Api | None,
    ) -> None:
        self.connection = connection
        self.request = request
        self.api = api
        self.keep = True  # whether another request may follow on this connection
        self._truth = truth
        self._honest = honest

    def read(self, limit: int | None = None) -> bytes:
        """The body of the request, read once; only its first bytes with a limit. HungUp when the other side left."""
        if not self.request.complete:
            body, complete = self.connection.read_body(self.request, limit)
            self._truth.note_body(self.request, body, complete=complete)
            if limit is None and not self.request.complete:
                raise HungUp
        return self.request.body

    def honest(self) -> Answer:
        """Read the request and do what an honest service does; its answer is returned, not sent."""
        return self.honest_for(self.request)

    def honest_for(self, request: Request) -> Answer:
        """The same as if this request had come instead."""
        self.read()
        return self._honest(request)

    def taken(self, *, create: bool) -> Answer:
        """Read the request, with the honest effect and answer if `create`, with none and an empty one otherwise."""
        if create:
            return self.honest()
        self.read()
        return Answer(200)

    def send(self, answer: Answer) -> None:
        """Send an answer whole; without a length the connection ends it."""
        self.keep = self.keep and self.request.complete and answer.framed
        self.request.status = answer.status
        head = answer.head(closing=not self.keep)
        body = b"" if self.request.method == "HEAD" else answer.body
        small = len(body) < 1 << 16
        self.raw(head + bytes(body) if small else head)
        if not small:
            self.raw(body)

    def raw(self, data: bytes | memoryview) -> None:
        """Send bytes exactly as they are."""
        for size in self.connection.send(data):
            self._truth.note_sent(self.request, size)

    def close(self) -> None:
        self.keep = False
        self.connection.close()

    def reset(self) -> None:
        self.keep = False
        self.connection.reset()


Fault = Callable[[Exchange], None]


def honestly(x: Exchange) -> None:
    """No fault at all."""
    x.send(x.honest())

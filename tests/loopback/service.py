"""A raw-socket service on 127.0.0.1 for the tests: the API, a CDN, or both, as honest or as faulty as a test wants.

    with Service() as cdn, Service() as api:
        cdn.serve_file("/x.mp4", clip(), etag='"a"')
        api.serve_api(results=cdn.url("/x.mp4"))
        api.script("POST", close_after_reading(create=True))
        ...
        assert api.truth.created("krn1-...") == 1

Faults are made in loopback.faults, loopback.ranges and loopback.proxy, and chosen in loopback.scripts. Shares nothing
with the program under test. As a process of its own: `python -m loopback --port-file F` in tests/, see __main__.
"""

from __future__ import annotations

import contextlib
import itertools
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from loopback.api import Api, Results, Step
from loopback.connection import Connection, HungUp
from loopback.exchange import Exchange, Fault, honestly
from loopback.files import File, Files
from loopback.messages import Answer, Request, json_answer
from loopback.scripts import Chooser, Rules, in_turn, rule_of
from loopback.truth import Truth

CERTIFICATES = Path(__file__).parent / "certificates"


class Service:
    """One origin. Use it as a context manager, or call start() and stop().

    `patience`: seconds any single read, write or wait may last. `tls`: None, or the name of a certificate:
    "localhost", "stranger" (another host's) or "expired". `receive_buffer`: bytes the kernel takes ahead.
    """

    def __init__(
        self,
        *,
        patience: float = 5.0,
        keep_alive: bool = True,
        tls: str | None = None,
        receive_buffer: int | None = None,
    ) -> None:
        self.truth = Truth()
        self.api: Api | None = None  # set by serve_api
        self.files = Files()
        self._patience = patience
        self._keep_alive = keep_alive
        self._tls = _tls_context(tls) if tls else None
        self._rules = Rules()
        self._numbers = itertools.count(1)
        self._dropped = 0
        self._held: dict[int, threading.Event] = {}
        self._stopping = threading.Event()
        self._open: dict[threading.Thread, Connection] = {}
        self._listener = socket.socket()
        if receive_buffer:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._listener.bind(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._acceptor = threading.Thread(target=self._accept, name=f"accept {self.port}", daemon=True)

    @property
    def origin(self) -> str:
        """Scheme, host and port: what a base URL is."""
        return self.url("")

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        """With host="localhost" the same place under another name, and so another origin."""
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}{path}"

    def serve_api(
        self,
        results: Results = (),
        *,
        polls: int = 2,
        statuses: Sequence[Step] | None = None,
        seconds: float | Callable[[int], float] | None = None,
        key: str | None = None,
        unique: bool = True,
        hidden_for: int = 0,
        cost: str = "0.28",
        room: int | None = None,
    ) -> Api:
        """Play the API. The fields of the Api returned may be changed at any time.

        `results`: URL, URLs, contents as mappings, or a callable that gets the Task at every completed query. The n-th
        query shows the n-th of `statuses` (words, or dicts laid over the usual answer) and the last one for ever; by
        default "completed" from query number `polls` on; with `seconds` (of one task, by its number) time decides.
        `key`: the only one accepted. `unique`: refuse a repeated external id (off: create again, and count).
        `hidden_for`: so many first queries of each task are told 404. `room`: so many tasks may run at once, a
        POST beyond that is told 429.
        """
        steps = statuses or (*["in_progress"] * (polls - 1), "completed")
        self.api = Api(self.truth, results, steps, seconds, key, unique, hidden_for, cost, room)
        return self.api

    def serve_file(
        self,
        path: str,
        data: bytes,
        *,
        etag: str | None = None,
        content_type: str = "video/mp4",
        ranges: bool = True,
    ) -> str:
        """Serve a file, in place of what was there; its URL is returned."""
        self.files.by_path[path] = File(data, etag, content_type, ranges)
        return self.url(path)

    def script(self, pattern: str, *faults: Fault | None, then: Fault | None = None) -> None:
        """The first requests that match ("POST", "GET /x.mp4", "* /model/*") meet these faults, one each; None is none.

        After the last one `then` for ever, or whatever was scripted after this, or honesty.
        """
        self.decide(pattern, in_turn(*faults, then=then))

    def decide(self, pattern: str, chooser: Chooser) -> None:
        """A callable gets the number (from 1, of those that match) and the request (head only) and returns a fault."""
        self._rules.add(pattern, chooser)

    def forget_scripts(self) -> None:
        """Honest from now on."""
        self._rules.clear()

    def drop_connections(self, count: int) -> None:
        """Reset the next connections as soon as they are accepted."""
        self._dropped = count

    def hold_handshake(self, number: int, until: threading.Event) -> None:
        """With TLS: let the number-th connection (from 1) wait for its handshake until the event."""
        self._held[number] = until

    def start(self) -> Self:
        self._listener.listen(4096)
        self._acceptor.start()
        return self

    def stop(self) -> None:
        """End every connection and thread at once."""
        self._stopping.set()
        if self._acceptor.ident is not None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                pass  # wakes the acceptor
            self._acceptor.join(1)
        self._listener.close()
        with self.truth.changed:
            left = dict(self._open)
        for connection in left.values():
            connection.interrupt()
        for thread in left:
            thread.join(self._patience)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _accept(self) -> None:
        while True:
            sock, _ = self._listener.accept()
            if self._stopping.is_set():
                sock.close()
                return
            self.truth.note_connection()
            connection = Connection(sock, self.truth.connections, self._patience, self._stopping)
            if self._dropped:
                self._dropped -= 1
                connection.reset()
                continue
            thread = threading.Thread(target=self._converse, args=(connection,), daemon=True)
            with self.truth.changed:
                self._open[thread] = connection
            thread.start()

    def _converse(self, connection: Connection) -> None:
        try:
            with contextlib.suppress(HungUp, OSError):
                if self._shake_hands(connection):
                    while self._exchange(connection):
                        pass
        finally:
            connection.close()
            with self.truth.changed:
                del self._open[threading.current_thread()]

    def _shake_hands(self, connection: Connection) -> bool:
        if self._tls is None:
            return True
        if connection.number in self._held:
            connection.wait(self._held[connection.number])
        try:
            connection.sock = self._tls.wrap_socket(connection.sock, server_side=True, do_handshake_on_connect=False)
            connection.sock.do_handshake()
        except OSError:
            self.truth.note_failed_handshake()
            return False
        return True

    def _exchange(self, connection: Connection) -> bool:
        request = connection.read_head(self._numbers)
        if request is None:
            return False
        exchange = Exchange(connection, request, self.truth, self._honest, self.api)
        asked = request.header("Connection").lower()
        exchange.keep = self._keep_alive and asked != "close" and request.version == "HTTP/1.1"
        if request.path.startswith("/__"):
            exchange.send(self._control(exchange))
        else:
            self.truth.record(request)
            (self._rules.choose(request) or honestly)(exchange)
        return exchange.keep

    def _honest(self, request: Request) -> Answer:
        found = self.api.answer(request) if self.api else None
        return found or self.files.answer(request) or json_answer(404, {"message": "nothing here"})

    def _control(self, exchange: Exchange) -> Answer:
        """What another process may ask: GET /__truth__; POST /__script__, see loopback.scripts."""
        body = exchange.read()
        if exchange.request.matches("GET /__truth__"):
            return json_answer(200, self.truth.as_json())
        if exchange.request.matches("POST /__script__"):
            self.decide(*rule_of(body))
            return json_answer(200, {})
        return json_answer(404, {"message": "no such control"})


def _tls_context(name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / f"{name}.pem", CERTIFICATES / "localhost-key.pem")
    return context
